--- Runs the same operation on many clusters or accounts: with a concurrency limit, canaries, a failure
--- limit, and a journal from which a second run resumes.
local host = ...

local qdrant = require "qdrant"
local resource = require "qdrant.resource"
local task = require "task"
local term = require "term"
local time = require "time"
local units = require "qdrant.resource.units"

local fleet = {}

---@class qdrant.fleet.Options
---@field name? string name of the operation, shown and used in the journal: "upgrade to v1.18"
---@field limit? integer how many items run at once; default: 8
---@field canary? integer how many items run first, one after another; if one fails, no other starts
---@field stop_after? integer|string stops after this many failures, or after a share of all ("10%")
---@field pause? string|number|userdata pause after each canary
---@field journal? string a file that records what was done; a second run skips these items
---@field dry_run? boolean shows what would be done, and does nothing
---@field reads? boolean the function changes nothing, so that a dry run does what it does
---@field label? fun(item: any): string the name of an item
---@field key? fun(item: any): string a unique key of an item, stable across runs
---@field report? fun(line: string) called with a line for each finished item
---@field progress? boolean false hides the progress bar

---@class qdrant.fleet.Result
---@field done { item: any, label: string, result: any, seconds: number }[]
---@field failed { item: any, label: string, problem: any, seconds: number }[]
---@field skipped { item: any, label: string, reason: string }[]
---@field stopped? string why it ended before all were done
---@field would? string of a dry run: what would be done with the items that are done, or skipped for that reason

local KNOWN = "name limit canary stop_after pause journal dry_run reads label key report progress"

--- Why an item is skipped that a dry run would do.
local DRY = "dry run"

local function usual_label(item)
  if type(item) == "table" then
    return tostring(item.name or item.id or item)
  end
  return tostring(item)
end

local function usual_key(item)
  if type(item) == "table" then
    return tostring(item.id or item.name)
  end
  return tostring(item)
end

--- How many failures are too many; nil when none are.
local function most_failures(stop_after, count)
  if stop_after == nil then
    return nil
  elseif math.type(stop_after) == "integer" then
    return stop_after
  end
  local share = tostring(stop_after):match("^(%d+%.?%d*)%%$")
  if not share then
    error(("stop_after must be an integer or a share such as \"10%%\", got \"%s\""):format(
      tostring(stop_after)), 3)
  end
  return math.max(1, math.ceil(count * tonumber(share) / 100))
end

-- The journal ---------------------------------------------------------------------------------

--- What a journal says is done, by operation and key. One that cannot be written is an error before
--- anything is done.
local function read_journal(path, name, is_dry)
  local done = {}
  local fs = require "fs"
  if not is_dry then
    fs.append(path, "")
  elseif not fs.exists(path) then
    return done
  end
  local text = fs.read(path)
  -- Whoever wrote last may have been interrupted in a line.
  if not is_dry and text ~= "" and text:sub(-1) ~= "\n" then
    fs.append(path, "\n")
  end
  for line in text:gmatch("[^\n]+") do
    local ok, entry = pcall(host.json_decode, line)
    if ok and type(entry) == "table" and entry.operation == name and entry.key then
      done[entry.key] = entry.status == "done" or nil
    end
  end
  return done
end

--- Notes in the journal what became of an item. When that cannot be done, no other item begins: what
--- is not noted would be done again.
local function note(run, key, label, status, problem)
  local options = run.options
  -- A dry run has done nothing that a second run could skip.
  if not options.journal or host.is_dry_run() then
    return
  end
  local ok, reason = pcall(require("fs").append, options.journal, host.json_encode {
    operation = options.name or "", key = key, label = label, status = status,
    at = tostring(host.now()), problem = problem and tostring(problem) or nil,
  } .. "\n")
  if not ok then
    run:stop("cannot write the journal: " .. tostring(reason))
  end
end

-- Running -------------------------------------------------------------------------------------

local Run = {}
Run.__index = Run

function Run:stop(reason)
  self.result.stopped = self.result.stopped or reason
end

--- Does it for one item. Whether more may follow.
function Run:one(item)
  local result = self.result
  local label, key = self.label(item), self.key(item)
  if result.stopped then
    table.insert(result.skipped, { item = item, label = label, reason = result.stopped })
    return false
  end
  local started = host.monotonic()
  local ok, value = pcall(self.fn, item)
  local seconds = host.monotonic() - started
  if self.bar then
    self.bar:step()
  end
  if ok then
    table.insert(result.done, { item = item, label = label, result = value, seconds = seconds })
    note(self, key, label, "done")
    self.report(result.would and ("would   %s %s"):format(result.would, label)
      or ("done    %s, %s"):format(label, time.human(seconds)))
    return true
  end
  table.insert(result.failed, { item = item, label = label, problem = value, seconds = seconds })
  note(self, key, label, "failed", value)
  self.report(("FAILED  %s: %s"):format(label, tostring(value)))
  if self.most and #result.failed >= self.most then
    self:stop(("%d failed, which is too many"):format(#result.failed))
  end
  return false
end

local function seconds_of(length)
  return units.length(length, "pause").total
end

--- Calls a function for each item. Failures do not raise an error: they are in the result.
---@usage fleet.run({ "a", "b", "c" }, function(name) return #name end, { limit = 2, canary = 1 }).done
---@async
---@param items any[]
---@param fn fun(item: any): any
---@param options? qdrant.fleet.Options
---@return qdrant.fleet.Result
function fleet.run(items, fn, options)
  options = resource.options(options, "fleet.run", KNOWN)
  local result = { done = {}, failed = {}, skipped = {} }
  local run = setmetatable({
    fn = fn, options = options, result = result, label = options.label or usual_label,
    key = options.key or usual_key, report = options.report or function() end,
  }, Run)
  local is_dry = options.dry_run or host.is_dry_run()
  if is_dry and not options.reads then
    result.would = options.name or "do it for"
  end
  local before = options.journal and read_journal(options.journal, options.name or "", is_dry) or {}
  local open = {}
  for _, item in ipairs(items) do
    if before[run.key(item)] then
      table.insert(result.skipped, { item = item, label = run.label(item),
        reason = "done before" })
    else
      open[#open + 1] = item
    end
  end
  if options.dry_run then
    for _, item in ipairs(open) do
      run.report(("would   %s %s"):format(options.name or "do it for", run.label(item)))
      table.insert(result.skipped, { item = item, label = run.label(item), reason = DRY })
    end
    return result
  end
  run.most = most_failures(options.stop_after, #open)
  local bar <close> = options.progress ~= false
    and term.progress(options.name or "working", #open) or nil
  run.bar = bar
  local canaries = math.min(options.canary or 0, #open)
  for i = 1, canaries do
    if not run:one(open[i]) then
      run:stop("a canary failed: " .. run.label(open[i]))
    elseif options.pause and i < #open then
      task.sleep(seconds_of(options.pause))
    end
  end
  local rest = table.move(open, canaries + 1, #open, 1, {})
  task.map(rest, function(item)
    run:one(item)
  end, { limit = options.limit or 8 })
  return result
end

--- The clusters of several accounts: each handle keeps the connection to its account.
---@usage fleet.clusters { filter = { labels = { env = "prod" } } }
---@async
---@param options? { accounts?: "all"|string[], filter?: table, connection?: table } accounts: by name or id; default: the session's account
---@return qdrant.Cluster[]
function fleet.clusters(options)
  options = resource.options(options, "fleet.clusters", "accounts filter connection")
  local found = host.list()
  local places = { accounts = options.accounts, connection = options.connection }
  for _, connection in ipairs(fleet.connections(places)) do
    for _, cluster in ipairs(connection.clusters:list(options.filter)) do
      found[#found + 1] = cluster
    end
  end
  return found
end

--- Connections to several accounts.
---@usage fleet.connections { accounts = "all" }
---@async
---@param options? { accounts?: "all"|string[], connection?: table }
---@return table[]
function fleet.connections(options)
  options = resource.options(options, "fleet.connections", "accounts connection")
  local base = options.connection or qdrant
  if not options.accounts then
    return { base }
  end
  local accounts = {}
  if options.accounts == "all" then
    accounts = base.accounts:list()
  else
    for i, name in ipairs(options.accounts) do
      accounts[i] = base.accounts:find(name)
    end
  end
  local connections = {}
  for i, account in ipairs(accounts) do
    connections[i] = account:connect()
  end
  return connections
end

--- The result of each item, as rows: { name, outcome, seconds, problem }. The outcome of a dry run is
--- what would be done: "would restart".
---@usage fleet.rows(fleet.run({ 1, 2 }, function() end))
---@param result qdrant.fleet.Result
---@return table[]
function fleet.rows(result)
  local rows = host.list()
  local would = result.would and "would " .. result.would
  for _, one in ipairs(result.done) do
    rows[#rows + 1] = { name = one.label, outcome = would or "done",
      seconds = math.floor(one.seconds * 10 + 0.5) / 10 }
  end
  for _, one in ipairs(result.failed) do
    rows[#rows + 1] = { name = one.label, outcome = "failed", problem = tostring(one.problem),
      seconds = math.floor(one.seconds * 10 + 0.5) / 10 }
  end
  for _, one in ipairs(result.skipped) do
    local is_dry = one.reason == DRY
    rows[#rows + 1] = { name = one.label, outcome = is_dry and would or "skipped",
      problem = not is_dry and one.reason or nil }
  end
  return rows
end

--- A summary of the result in a few lines, and the matching exit status.
---@usage local text, status = fleet.summary(fleet.run({ 1, 2 }, function() end)) print(text, status)
---@param result qdrant.fleet.Result
---@return string text
---@return integer status 0 when all was done, 9 when some was, 1 when none was
function fleet.summary(result)
  local lines = { ("%d %s, %d failed, %d skipped"):format(#result.done,
    result.would and "would be done" or "done", #result.failed, #result.skipped) }
  if result.stopped then
    lines[#lines + 1] = "stopped early: " .. result.stopped
  end
  for _, failed in ipairs(result.failed) do
    lines[#lines + 1] = ("  %s: %s"):format(failed.label, tostring(failed.problem))
  end
  local status = 0
  if #result.failed > 0 or result.stopped then
    status = #result.done > 0 and 9 or 1
  end
  return term.safe(table.concat(lines, "\n")):gsub("\\x0a", "\n"), status
end

return fleet
