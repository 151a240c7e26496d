--- Backups, compared with a policy.
local host = ...

local time = require "time"
local units = require "qdrant.resource.units"

local backups = {}

local DAY = 86400
local ORDER = { bad = 1, warn = 2, good = 3 }

--- The backups of each cluster: the newest, how many, and what each day had.
local function by_cluster(list, now, days)
  local found = {}
  local today = time.start_of(now, "day")
  for _, backup in ipairs(list) do
    local one = found[backup.cluster_id]
    if not one then
      one = { good = 0, bad = 0, days = {} }
      found[backup.cluster_id] = one
    end
    local age = math.floor((today - time.start_of(backup.created_at, "day")).total / DAY + 0.5)
    local day = one.days[age] or { good = 0, bad = 0 }
    one.days[age] = day
    if backup.status:find("SUCCEEDED") then
      one.good, day.good = one.good + 1, day.good + 1
      if not one.newest or backup.created_at > one.newest.created_at then
        one.newest = backup
      end
    elseif backup.status:find("FAILED") then
      one.bad, day.bad = one.bad + 1, day.bad + 1
    end
  end
  local first = today - (days - 1) * DAY
  return found, first
end

--- The schedules of a cluster: their times, the longest retention, the next backup.
local function planned(schedules, now)
  local crons, kept, soonest = host.list(), nil, nil
  for i, schedule in ipairs(schedules) do
    crons[i] = schedule.schedule
    local length = schedule.retention_period
    if length and (not kept or length > kept) then
      kept = length
    end
    local at = schedule:next(now)
    if at and (not soonest or at < soonest) then
      soonest = at
    end
  end
  return crons, kept, soonest
end

--- Compares the backups of a cluster with a policy: a state, and the reason.
---@param facts { age?: userdata, kept?: userdata, count: integer } of its newest backup and schedules
local function verdict(cluster, facts, policy, now)
  local capability = cluster.state.capabilities and cluster.state.capabilities.backup
  if capability and capability.status:find("NOT_SUPPORTED") then
    return "warn", "not supported"
  elseif not facts.age and facts.count > 0 and now - cluster.created_at < policy.max_age then
    return "warn", "none yet"
  elseif not facts.age then
    return "bad", "no backup"
  elseif facts.age > policy.max_age then
    return "bad", "too old"
  elseif facts.count == 0 then
    return "warn", "no schedule"
  elseif policy.retention and facts.kept and facts.kept < policy.retention then
    return "warn", "kept too short"
  end
  return "good", "ok"
end

--- The schedules of each cluster, by its id.
local function schedules_of(connection)
  local schedules = {}
  for _, schedule in ipairs(connection.schedules:list()) do
    local list = schedules[schedule.cluster_id] or {}
    schedules[schedule.cluster_id], list[#list + 1] = list, schedule
  end
  return schedules
end

--- The days of a cluster as text, one letter for each: "f" for a failed backup, "s" for successful ones
--- only, "." for none; and the numbers of those with backups.
local function days_of(found, days)
  local letters, counts = {}, {}
  for i = 1, days do
    local day = found and found.days[days - i]
    letters[i] = not day and "." or day.bad > 0 and "f" or day.good > 0 and "s" or "."
    if letters[i] ~= "." then
      counts[tostring(i)] = { succeeded = day.good, failed = day.bad }
    end
  end
  return table.concat(letters), counts
end

local function cluster_facts(cluster, found, schedules, policy, now)
  local crons, kept, soonest = planned(schedules, now)
  local newest = found and found.newest
  local age = newest and now - newest.created_at
  local known = { age = age, kept = kept, count = #schedules }
  local state, reason = verdict(cluster, known, policy, now)
  local days, counts = days_of(found, policy.days)
  return {
    cluster = cluster.name, id = cluster.id, state = state, reason = reason, age = age,
    newest_at = newest and newest.created_at, backups = found and found.good or 0,
    failed = found and found.bad or 0, schedules = crons, retention = kept, next_at = soonest,
    days = days, day_counts = counts,
  }
end

--- Gathers the facts: for each cluster its newest backup, its schedules, and whether they satisfy the
--- policy; the worst first.
---@usage require("qdrant.report.backups").facts(qdrant, { max_age = "26h" }).clusters[1].reason
---@async
---@param connection table
---@param options { max_age?: string|number|userdata, retention?: string|number|userdata, labels?: table, days?: integer } max_age: of the newest backup, default: 26 h; retention: the shortest one
---@return table
function backups.facts(connection, options)
  local now, days = host.now(), options.days or 30
  local policy = {
    max_age = units.length(options.max_age or "26h", "max_age"), days = days,
    retention = options.retention and units.length(options.retention, "retention"),
  }
  local found, first = by_cluster(connection.backups:list(), now, days)
  local schedules = schedules_of(connection)
  local facts = {
    max_age = policy.max_age, retention = policy.retention, from = first, to = now, days = days,
    clusters = host.list(),
  }
  for i, cluster in ipairs(connection.clusters:list { labels = options.labels }) do
    local one = found[cluster.id]
    facts.clusters[i] = cluster_facts(cluster, one, schedules[cluster.id] or {}, policy, now)
  end
  table.sort(facts.clusters, function(a, b)
    if a.state ~= b.state then
      return ORDER[a.state] < ORDER[b.state]
    end
    return a.cluster < b.cluster
  end)
  return facts
end

local COLUMNS = {
  { "cluster", "Cluster" }, { "state", "State" }, { "age", "Newest" }, { "at", "Created" },
  { "count", "Backups", number = true }, { "failed", "Failed", number = true },
  { "schedules", "Schedule" }, { "retention", "Kept" }, { "next", "Next" },
}

local function row_of(one)
  return {
    cluster = one.cluster, count = one.backups, failed = one.failed, next = one.next_at,
    schedules = #one.schedules > 0 and table.concat(one.schedules, ", ") or nil,
    retention = one.retention and { value = one.retention.total, text = time.human(one.retention) },
    age = one.age and { value = one.age.total, text = time.human(one.age) }, at = one.newest_at,
    state = { text = one.reason, state = one.state },
  }
end

local STATES = { f = "bad", s = "good", ["."] = "none" }

--- The squares of a cluster.
local function day_row(one, facts)
  local row = { name = one.cluster, days = {} }
  for i = 1, facts.days do
    local count = one.day_counts[tostring(i)]
    local text = count and (count.failed > 0 and ("%d failed, %d succeeded"):format(count.failed,
      count.succeeded) or tostring(count.succeeded)) or "none"
    row.days[i] = {
      state = STATES[one.days:sub(i, i)],
      text = ("%s: %s"):format(time.format(facts.from + (i - 1) * DAY, "%Y-%m-%d"), text),
    }
  end
  return row
end

--- The most clusters in the calendar: more squares than that are not looked at.
local CALENDAR = 100

local function add_calendar(page, facts)
  local rows = {}
  for i = 1, math.min(#facts.clusters, CALENDAR) do
    rows[i] = day_row(facts.clusters[i], facts)
  end
  table.sort(rows, function(a, b)
    return a.name < b.name
  end)
  local title = ("The last %d days: succeeded (green), failed (red), none (grey)"):format(
    facts.days)
  if #facts.clusters > CALENDAR then
    title = title .. ("; the first %d clusters of the table below"):format(CALENDAR)
  end
  page:days(title, rows, {
    from = time.format(facts.from, "%Y-%m-%d"), to = time.format(facts.to, "%Y-%m-%d"),
  })
end

--- Draws the facts as a section.
---@usage local backups = require "qdrant.report.backups" backups.draw(qdrant.report:page { title = "Backups" }, backups.facts(qdrant, {}))
---@param page qdrant.report.Page
---@param facts table what `facts` returned
function backups.draw(page, facts)
  local count = { good = 0, warn = 0, bad = 0 }
  for _, one in ipairs(facts.clusters) do
    count[one.state] = count[one.state] + 1
  end
  page:section("Backups", ("Policy: the newest backup of each cluster is at most %s old, and a "
    .. "schedule creates the next one%s."):format(time.human(facts.max_age), facts.retention
    and ", kept for " .. time.human(facts.retention) or ""))
  page:figures {
    { "satisfy the policy", ("%d of %d"):format(count.good, #facts.clusters),
      count.good == #facts.clusters and "good" or nil },
    { "warnings", count.warn, count.warn > 0 and "warn" or nil },
    { "without a recent backup", count.bad, count.bad > 0 and "bad" or nil },
  }
  add_calendar(page, facts)
  page:table("Clusters", COLUMNS, facts.clusters, row_of)
end

return backups
