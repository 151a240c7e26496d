--- Variables of the environment: `env.HOME`, `env.get("PORT", "8080")`.
local host = ...

local env = {}

--- The value of a variable, or a default.
---@param name string
---@param default? string
---@return string?
function env.get(name, default)
  local value = host.environment(name)
  if value == nil then
    return default
  end
  return value
end

--- The value of a variable that has to be there.
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
---@param name string
---@return userdata?
function env.secret(name)
  local value = host.environment(name)
  return value and host.make_secret(value) or nil
end

--- All variables.
---@return table<string, string>
function env.all()
  return host.environment()
end

return setmetatable(env, {
  __index = function(_, name)
    return host.environment(name)
  end,
  __newindex = function(_, name)
    error(("the environment cannot be changed (%s); process.run has the option env"):format(
      tostring(name)), 2)
  end,
})
