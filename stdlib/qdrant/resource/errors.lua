--- Errors with codes, and what codes and values mean.
local host = ...

local resource = require "qdrant.resource.handles"

--- Raises an error with an API code, so that scripts and exit statuses can distinguish it.
---@usage pcall(resource.fail, "NOT_FOUND", "there is no such pet")
---@param code string
---@param message string
---@param fields? table additional fields of the error object
function resource.fail(code, message, fields)
  local problem = { code = code, message = message, origin = "library" }
  for key, value in pairs(fields or {}) do
    problem[key] = value
  end
  error(host.error(problem), 0)
end

--- Whether trying again may help.
---@usage resource.is_transient({ code = "UNAVAILABLE" })
---@param problem any
---@return boolean
function resource.is_transient(problem)
  return type(problem) == "table"
    and (problem.code == "UNAVAILABLE" or problem.code == "ABORTED"
      or problem.code == "DEADLINE_EXCEEDED" or problem.retryable == true
      or problem.outcome_unknown == true)
end

--- Whether a field holds a secret: without one it is an empty string.
---@usage resource.is_secret(secret.new("x"))
---@param value any
---@return boolean
function resource.is_secret(value)
  return type(value) == "userdata"
end

--- Whether an error is NOT_FOUND.
---@usage resource.is_missing({ code = "NOT_FOUND" })
---@param problem any
---@return boolean
function resource.is_missing(problem)
  return type(problem) == "table" and problem.code == "NOT_FOUND"
end

return resource
