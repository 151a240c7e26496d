--- Secrets: values that printing, logging and encoding do not reveal.
local host = ...

local secret = {}

--- A secret with a text.
---@usage secret.new("text")
---@param text string|userdata a secret stays what it is
---@return userdata
function secret.new(text)
  return host.make_secret(text)
end

--- Whether a value is a secret.
---@usage secret.is(secret.new("text"))
---@param value? any
---@return boolean
function secret.is(value)
  return host.is_secret(value)
end

--- The first line of a file that only its owner can read.
---@usage pcall(secret.read, "/tmp/no-such-file")
---@async
---@param path string
---@return userdata
function secret.read(path)
  local info = host.fs_stat(host.fs_resolve(path))
  if info and info.mode & 63 ~= 0 then
    error(("%s holds a secret but others can read it: chmod 600 %s"):format(path, path), 2)
  end
  return host.make_secret((host.fs_read(path):match("^[^\r\n]*")))
end

--- The value of an environment variable; raises an error when it is unset or empty.
---@usage secret.from_env("HOME")
---@param name string
---@return userdata
function secret.from_env(name)
  local value = host.environment(name)
  if not value or value == "" then
    error(("the environment variable %s is not set"):format(name), 2)
  end
  return host.make_secret(value)
end

--- Prompts for a secret at the terminal, without echo.
---@usage secret.ask("Password")
---@async
---@param prompt? string
---@return userdata?
function secret.ask(prompt)
  return host.term_read_line((prompt or "Secret") .. ": ", true)
end

return secret
