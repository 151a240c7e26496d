--- The Lua side of the host, which runs once, before any script: its parts in the order in which they
--- need each other.
-- `functions` are the host's own, `settings` what it knows.
local functions, settings = ...

local load, assert, error, ipairs, next, pairs = load, assert, error, ipairs, next, pairs
local rawget, rawset, setmetatable, tostring = rawget, rawset, setmetatable, tostring
local _G = _G

local host = __host
__host = nil
for name, value in pairs(functions) do
  host[name] = value
end

host.set_duration_reader(host.time_duration)

--- Lua's own, for libraries that others wrote: its levels count.
host.throw = error

--- The globals of the library's own code. Those of scripts are set up through it; from then on it
--- has its own, since scripts may replace each of theirs. Its errors are placed at the user's line,
--- regardless of their level.
host.own = setmetatable({ error = host.raise }, { __index = _G, __newindex = _G })

for _, part in ipairs {
  "options", "receivers", "errors", "modules", "clocks", "program", "gates", "globals",
} do
  local source, file = host.module_source("host.boot." .. part)
  assert(load(source, "=[" .. file .. "]", "t", host.own))(host, settings)
end

do
  local own, package = host.own, package
  for name, value in next, _G do
    local copy = value
    if host.is_standard[name] then
      copy = {}
      for member, inner in next, value do
        copy[member] = inner
      end
    end
    if rawget(own, name) == nil then
      rawset(own, name, copy)
    end
  end
  own.require = host.own_require
  -- Scripts determine where modules are found.
  own.package = setmetatable({ loaded = package.loaded, preload = package.preload },
    { __index = package })
  setmetatable(own, {
    __newindex = function(_, name)
      error(("the standard library has no global \"%s\""):format(tostring(name)), 2)
    end,
  })
end

--- What is added to `host` later, and who adds it.
local late = {
  in_script = "host.boot.program", finish_script = "host.task", problem_of = "qdrant",
  uses_key = "qdrant", resource_object = "qdrant.resource", entries = "host.shell.entries",
  load_entry = "host.shell.entries", entry_text = "host.shell.entries",
  left_running = "host.shell.jobs", script_options = "host.cli",
}

setmetatable(host, {
  __newindex = function(self, name, value)
    if not late[name] then
      error(("host.%s: what is added to the host later stands in host/boot.lua"):format(
        tostring(name)), 2)
    end
    rawset(self, name, value)
  end,
})
