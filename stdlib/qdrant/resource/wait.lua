--- Waits until a resource reaches a state: shows progress, retries while the service is unavailable,
--- and fails at once when the state can no longer be reached.
local host = ...

local resource = require "qdrant.resource"
local task = require "task"
local time = require "time"
local units = require "qdrant.resource.units"

--- The shortest and the longest pause between two looks, in seconds. In between it grows with the
--- time that has passed: what takes minutes need not be asked for every second.
local SHORTEST, LONGEST = 0.15, 5

--- The result of a check: done, failed for a reason, or the current state.
---@class qdrant.wait.Verdict
---@field done? boolean
---@field failed? string the reason
---@field text? string the current state, for people: "SCALING, 2 of 3 nodes"

---@class qdrant.wait.Options
---@field what string what is waited for, for people: "search to be healthy"
---@field kind? string groups similar waits to estimate how long they take: "cluster.create"
---@field connection table
---@field look fun(): table reads the resource; transient errors are retried
---@field judge fun(found: table): qdrant.wait.Verdict
---@field gone? boolean done as soon as the resource no longer exists
---@field timeout? number|string|boolean|userdata the longest time to wait; nil and true mean `patience`
---@field patience? number|string|userdata the default timeout
---@field progress? boolean false hides the progress line
---@field is_new? boolean whether it was just created: reads may not find it yet

--- How long what was made just now may not be known to reads, in seconds.
local LAG = 60

local function seconds_of(length)
  if type(length) == "number" then
    return length
  end
  return units.length(length, "timeout").total
end

--- Where things take as long as they take there.
local function place(connection)
  local endpoint = tostring(connection.session.endpoint)
  -- Ports of local clouds are others each time.
  return endpoint:match("127%.0%.0%.1") or endpoint:match("localhost") or endpoint
end

--- Waits; returns what was found last.
---@async
---@param options qdrant.wait.Options
---@return table?
return function(options)
  -- Nothing was changed, so nothing will be different.
  if host.is_dry_run() then
    return nil
  end
  local started, text = host.monotonic(), nil
  local is_seen = not options.is_new
  local timeout = options.timeout
  local limit = seconds_of((timeout == nil or timeout == true) and options.patience or timeout)
  local kind = options.kind and options.kind .. " at " .. place(options.connection)
  local usual = kind and host.wait_usual and host.wait_usual(kind)
  local line <close> = options.progress ~= false
    and require("term").spinner("waiting for " .. options.what, { usual = usual }) or nil
  while true do
    local ok, found = pcall(options.look)
    local elapsed = host.monotonic() - started
    if ok then
      is_seen = true
      local verdict = options.judge(found)
      if verdict.done then
        if kind and host.wait_took and elapsed > 1 then
          host.wait_took(kind, elapsed)
        end
        return found
      elseif verdict.failed then
        resource.fail("FAILED_PRECONDITION", ("waiting for %s: %s"):format(options.what,
          verdict.failed), { found = found })
      end
      text = verdict.text
    elseif options.gone and resource.is_missing(found) then
      return nil
    elseif not is_seen and resource.is_missing(found) and elapsed < LAG then
      text = "not visible yet"
    elseif not resource.is_transient(found) then
      error(found, 0)
    else
      text = "the service is unavailable (" .. found.code .. "), retrying"
    end
    if elapsed >= limit then
      resource.fail("DEADLINE_EXCEEDED", ("waiting for %s: not done within %s%s"):format(
        options.what, time.human(limit), text and "; " .. text or ""),
        { found = ok and found or nil })
    end
    if line then
      line:update(options.what .. (text and ": " .. text or ""))
    end
    task.sleep(math.max(SHORTEST, math.min(LONGEST, elapsed / 10, limit - elapsed)))
  end
end
