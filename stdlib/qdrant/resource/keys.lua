--- Keys, whose secrets are only in the responses to their creation.
local host = ...

local resource = require "qdrant.resource.handles"

--- How often a key is created when each response with its secret is lost.
local ATTEMPTS = 6

--- Creates a key, whose secret is only in the response. If the response was lost, the key is unusable:
--- it is deleted and created again.
---@usage resource.create_key(function() return { id = "1", key = secret.new("x") } end, function() return {} end, function() end, "a", {})
---@async
---@param call fun(): table creates and returns the key
---@param list fun(): table[] what keys there are
---@param delete fun(key: table)
---@param name string
---@param options { noun?: string, duplicate?: boolean }
---@return table
function resource.create_key(call, list, delete, name, options)
  local made = resource.create(call, list, name, options)
  for _ = 1, ATTEMPTS do
    if resource.is_secret(made.key) or host.is_dry_run() then
      return made
    end
    resource.delete(function() delete(made) end)
    made = resource.create(call, list, name, { noun = options.noun, duplicate = true })
  end
  resource.fail("UNAVAILABLE", ("%s %s could not be created: each response with its secret was "
    .. "lost, and the key was deleted again"):format(options.noun or "key", name))
end

--- Deletes the key of a run that was killed before it wrote the secret, which is lost. Keeps keys
--- of the same name that existed before that run.
local function recover(file, keys, delete)
  local text, is_written = host.fs_marked(file)
  local ok, pending = pcall(host.json_decode, text or "")
  if not ok or type(pending) ~= "table" or type(pending.name) ~= "string" then
    return
  end
  if not is_written then
    local others = {}
    for _, id in ipairs(pending.others or {}) do
      others[id] = true
    end
    for _, key in ipairs(keys()) do
      if key.name == pending.name and not others[key.id] then
        delete(key)
      end
    end
  end
  host.fs_unmark(file)
end

--- Notes which key will be created for a file.
local function announce(file, name, keys)
  local others = host.list()
  for _, key in ipairs(keys()) do
    if key.name == name then
      others[#others + 1] = key.id
    end
  end
  host.fs_mark(file, require("json").encode { name = name, others = others })
end

--- Creates a key and writes its secret to a file that only its owner can read, in one step that cannot
--- be interrupted. Checks before that the file can be written, and replaces only what looks like a secret:
--- one word. If writing fails nevertheless, deletes the key, because its secret would be lost. A file next to it, `.NAME.pending`, names the key
--- meanwhile: if the program is killed, the next run for this file deletes the key whose secret was
--- lost, and creates another one.
---@usage resource.keep_secret("/tmp/a.key", function() return { key = secret.new("x") } end, function() end)
---@async
---@param file? string no file when nil; an existing file keeps its content until the key is created
---@param create fun(): table makes the key, whose secret is `key`
---@param delete fun(key: table)
---@param name? string the key's name, when keys are known by names
---@param keys? fun(): table[] the keys that exist
---@return table key
function resource.keep_secret(file, create, delete, name, keys)
  if not file or host.is_dry_run() then
    return create()
  end
  local function check(...)
    local ok, reason = pcall(...)
    if not ok and type(reason) == "string" then
      resource.fail("FAILED_PRECONDITION", ("%s; no key was created"):format(reason))
    elseif not ok then
      error(reason, 0)
    end
  end
  check(host.fs_check_place, file)
  -- An interruption leaves the key and its file, or neither.
  return require("task").shield(function()
    if name and keys then
      recover(file, keys, delete)
      check(announce, file, name, keys)
    end
    local made
    local ok, problem = pcall(function()
      made = create()
    end)
    if ok then
      ok, problem = pcall(made.key.write, made.key, file)
      if not ok then
        resource.delete(function() delete(made) end)
      end
    end
    if name and keys and (ok or not resource.is_transient(problem)) then
      host.fs_unmark(file)
    end
    if not ok then
      error(problem, 0)
    end
    return made
  end)
end

return resource
