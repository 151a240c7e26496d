--- The arguments of methods: options, names of enumerations, lists and strings.
local host = ...

local resource = require "qdrant.resource.handles"

--- Checks a method's options; an empty table when none are given. Fails for an option that the method
--- does not have, and for a `wait` that is not a duration.
---@usage resource.options({ nodes = 3 }, "pets:create", "nodes disk wait")
---@param options? table
---@param method string who takes them, for the error
---@param ... string|table<string, any> the option names: words, or the keys of tables
---@return table
function resource.options(options, method, ...)
  return host.options(options, method, ...)
end

--- Words as a set.
---@usage resource.names("nodes disk")
---@param words string
---@return table<string, true>
function resource.names(words)
  return host.names(words)
end

--- The full name of a value of one of the contract's enumerations; the error lists the valid values.
---@usage resource.enum("qdrant.cloud.cluster.v1.ClusterPhase", "healthy", "phase")
---@param type_name string
---@param value string|integer with or without its prefix, in any case, or its number
---@param what string what it is, for the error
---@return string
function resource.enum(type_name, value, what)
  local name, known = host.enum_value(type_name, value)
  if not name then
    host.blame(("%s must be one of %s, got \"%s\""):format(what, table.concat(known, ", "),
      tostring(value)))
  end
  return name
end

--- A list argument of a method; an empty list when none is given. A string or a table with named
--- fields is an error.
---@usage resource.list({ "a" }, "pet:feed", "a list of meals")
---@param value? any
---@param method string who takes it, for the error
---@param what string what it is, for the error
---@return any[]
function resource.list(value, method, what)
  if value == nil then
    return {}
  elseif type(value) ~= "table" or #value == 0 and next(value) ~= nil then
    host.blame(("%s expects %s, got %s"):format(method, what,
      type(value) == "table" and "a table with named fields" or "a " .. type(value)))
  end
  return value
end

--- A string argument that a method requires.
---@usage resource.text("Rex", "pet:rename", "a name")
---@param value any
---@param method string who needs it, for the error
---@param what string what it is, for the error
---@return string
function resource.text(value, method, what)
  if type(value) ~= "string" or value == "" then
    host.blame(("%s needs %s, got %s"):format(method, what,
      value == "" and "an empty string" or value == nil and "nil" or "a " .. type(value)))
  end
  return value
end

return resource
