--- Variables of the environment: `env.HOME`, `env.get("PORT", "8080")`.
local host = ...

local env = {}

--- The value of a variable, or a default.
---@usage env.get("PORT", "6333")
---@param name string
---@param default? any
---@return any
function env.get(name, default)
  local value = host.environment(name)
  if value == nil then
    return default
  end
  return value
end

--- The value of a variable; raises an error when it is unset or empty.
---@usage env.require("HOME")
---@param name string
---@return string
function env.require(name)
  local value = host.environment(name)
  if value == nil or value == "" then
    error(("the environment variable %s is not set"):format(name), 2)
  end
  return value
end

--- The value of a variable as a secret; nil when it is not set.
---@usage pcall(env.secret, "MY_KEY")
---@param name string
---@return userdata?
function env.secret(name)
  local value = host.environment(name)
  return value and host.make_secret(value) or nil
end

--- All variables.
---@usage env.all().HOME
---@return table<string, string>
function env.all()
  return host.environment()
end

return setmetatable(env, {
  __index = function(_, name)
    return type(name) == "string" and host.environment(name) or nil
  end,
  __newindex = function(_, name)
    error(("cannot set the environment variable %s; use the option env of process.run"):format(
      tostring(name)), 2)
  end,
})
