--- Changes that are retried while the service is unavailable.
local host = ...

local resource = require "qdrant.resource.handles"

--- How often a change is tried, the first pause, and the longest that a server may ask for, in seconds.
local ATTEMPTS, PAUSE, LONGEST = 6, 0.2, 60

--- How often a change is tried: by `--retries` or the context, or as usual.
local function attempts()
  local retries = require("qdrant").session.retries
  return retries and retries + 1 or ATTEMPTS
end

--- Waits before another attempt; false when the server asks to wait for too long.
local function rest(pause, problem)
  local asked = type(problem) == "table" and problem.retry_after or 0
  if asked > LONGEST then
    return false
  end
  require("task").sleep(math.max(pause, asked))
  return true
end

--- Checks whether a change was made, and retries while the service is unavailable. If that cannot
--- be determined, fails with an error that says so.
local function look(made, problem)
  local pause, most = PAUSE, attempts()
  for attempt = 1, most do
    local ok, result = pcall(made)
    if ok then
      return result
    elseif not resource.is_transient(result) then
      error(result, 0)
    elseif attempt == most or not rest(pause, result) then
      resource.fail(problem.code, ("%s; it may or may not have been done (%s): check before "
        .. "you retry"):format(problem.message or tostring(problem), result.message
          or tostring(result)), { outcome_unknown = true, method = problem.method })
    end
    pause = pause * 2
  end
end

--- Makes a change and retries it while the service is unavailable. Where doing it twice would matter,
--- `made` checks before each retry whether the change was made after all.
---@usage resource.change(function() return 1 end)
---@async
---@param call fun(): any
---@param made? fun(): any returns the result of the change if it was made, nil otherwise
---@return any
function resource.change(call, made)
  local pause, most = PAUSE, attempts()
  for attempt = 1, most do
    local ok, result = pcall(call)
    if ok then
      return result
    elseif not resource.is_transient(result) or attempt == most or not rest(pause, result) then
      error(result, 0)
    end
    pause = pause * 2
    local done = made and look(made, result)
    if done ~= nil then
      return done
    end
  end
end

--- Waits for a created or changed resource if the options say so.
---@usage resource.settle({ wait = function() end }, { wait = "5m" })
---@async
---@generic H
---@param handle H
---@param options? table of which `wait` and `progress` count
---@param is_new? boolean whether it was made just now: reads may not know of it yet
---@return H handle
function resource.settle(handle, options, is_new)
  if options and options.wait then
    handle:wait { timeout = options.wait, progress = options.progress, is_new = is_new }
  end
  return handle
end

--- Creates a resource that is known by its name. If the outcome is unknown, looks for the resource
--- before each retry. Fails if the name is taken, because a name that is used twice does not identify
--- a resource.
---@usage resource.create(function() return { id = "1" } end, function() return {} end, "a", {})
---@async
---@param call fun(): table creates and returns the object
---@param list fun(): table[] what there is
---@param name string
---@param options { noun?: string, field?: string, duplicate?: boolean }
---@return table
function resource.create(call, list, name, options)
  local field = options.field or "name"
  local before = {}
  for _, item in ipairs(list()) do
    before[item.id] = true
    if item[field] == name and not options.duplicate then
      local option = host.spelling("duplicate", "duplicate = true")
      resource.fail("ALREADY_EXISTS", ("a %s named \"%s\" already exists (%s)%s"):format(
        options.noun or "resource", name, item.id,
        option and ("; %s creates another one"):format(option) or ""), { existing = item })
    end
  end
  local made = resource.change(call, function()
    for _, item in ipairs(list()) do
      if item[field] == name and not before[item.id] then
        return item
      end
    end
  end)
  if made == nil and host.is_dry_run() then
    error(("dry run: the response would contain %s %s; a dry run cannot know it"):format(
      options.noun or "resource", name), 0)
  end
  return made
end

--- Deletes something; succeeds if it does not exist.
---@usage resource.delete(function() end)
---@async
---@param call fun()
function resource.delete(call)
  resource.change(function()
    local ok, problem = pcall(call)
    if not ok and not resource.is_missing(problem) then
      error(problem, 0)
    end
  end)
end

return resource
