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

--- Loads a module when its global is first used.
local function loader(module)
  return function()
    local value = loaded[module]
    if value == nil then
      value = require(module)
      loaded[module] = value
    end
    return value, true
  end
end

--- What gives the globals that are loaded when they are first used, by their names: the value, and
--- whether it stays.
local lazy = { qdrant = loader("qdrant") }
for _, name in ipairs(host.modules) do
  lazy[name] = loader(name)
end
host.lazy_globals = lazy

local globals = _G

local function load_global(_, name)
  local give = lazy[name]
  if give == nil then
    return nil
  end
  local value, is_fixed = give()
  if is_fixed then
    rawset(globals, name, value)
  end
  return value
end

setmetatable(globals, { __index = load_global })

-- Whoever looks at the metatable of the globals, or sets one, finds none: everything is there.
host.settle_globals_with(function()
  for name, give in next, lazy do
    if rawget(globals, name) == nil then
      rawset(globals, name, (give()))
    end
  end
  setmetatable(globals, nil)
end)
