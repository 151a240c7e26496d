--- The globals that scripts find: `script`, `library`, and modules, which are loaded when they are
--- first used.
local host, settings = ...

local loaded, require = package.loaded, host.own_require

--- Declares a script: its purpose, its arguments and the permissions that it needs. The header is
--- read before the script runs, so it must be the first statement and contain only literals. Returns
--- the arguments.
---@usage local args = script { about = "Lists clusters", args = { { "--label" } } }
---@param header { name?: string, about?: string, args?: cli.Argument[], needs?: string[], deletes?: boolean, epilog?: string, api?: string }
---@return table<string, any> args
function script(header)
  if header.needs ~= nil and not settings.has_header then
    error("the header of a script must be its first statement: script { … } or local args = script "
      .. "{ … }", 2)
  end
  -- No tail call: the parser is called from here.
  local args = require("cli").parse(header)
  return args
end

--- Declares a module of a library: its purpose and the permissions that its functions need. The header
--- is read before the module runs, so it must be the first statement and contain only literals.
---@usage library { about = "Tools for fleets", needs = { "read:clusters" } }
---@param header { about?: string, needs?: string[], deletes?: boolean }
function library(header)
  if header.needs ~= nil and not host.has_library_header() then
    error("the header of a library must be the first statement of a module that is loaded with "
      .. "require: library { … }", 2)
  end
end

local lazy = { qdrant = "qdrant" }
for _, name in ipairs(host.modules) do
  lazy[name] = name
end

setmetatable(_G, {
  __index = function(globals, name)
    local module = lazy[name]
    if module == nil then
      return nil
    end
    local value = loaded[module]
    if value == nil then
      value = require(module)
      loaded[module] = value
    end
    rawset(globals, name, value)
    return value
  end,
})
