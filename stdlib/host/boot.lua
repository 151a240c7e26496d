--- The Lua side of the host, which runs once, before any script: its parts in the order in which they
--- need each other.
-- `functions` are the host's own, `settings` what it knows.
local functions, settings = ...

local load, assert, ipairs = load, assert, ipairs

local host = __host
__host = nil
for name, value in pairs(functions) do
  host[name] = value
end

for _, part in ipairs { "options", "errors", "modules", "clocks", "program", "gates", "globals" } do
  local source, file = host.module_source("host.boot." .. part)
  assert(load(source, "=[" .. file .. "]"))(host, settings)
end
