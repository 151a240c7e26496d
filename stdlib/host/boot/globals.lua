--- The globals that scripts find: `script`, `library`, and modules, which are loaded when they are
--- first used.
local host, settings = ...

local error, rawset, require, setmetatable = error, rawset, require, setmetatable

--- What a script says of itself: what it is for, which arguments it takes and what it needs to be
--- allowed. It is read before the script runs, so it is the first statement and has literals only.
--- Returns the arguments.
---@usage local args = script { about = "Lists clusters", args = { { "--label" } } }
---@param header { about?: string, args?: cli.Argument[], needs?: string[], deletes?: boolean }
---@return table<string, any> args
function script(header)
  if header.needs ~= nil and not settings.has_header then
    error("the header of a script is its first statement: script { … }, or local args = script "
      .. "{ … }", 2)
  end
  return require("cli").parse(header)
end

--- What a module of a library says of itself: what it is for, and what its functions need to be
--- allowed. It is read before the module runs, so it is the first statement and has literals only.
---@usage library { about = "Tools for fleets", needs = { "read:clusters" } }
---@param header { about?: string, needs?: string[], deletes?: boolean }
function library(header)
  if header.needs ~= nil and not host.has_library_header() then
    error("the header of a library is the first statement of a module that is loaded by require: "
      .. "library { … }", 2)
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
    local value = require(module)
    rawset(globals, name, value)
    return value
  end,
})
