--- Whether backups are as a policy wants them.
local host = ...

local time = require "time"

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

local function day_row(name, one, first, days)
  local row = { name = name, days = {} }
  for i = 1, days do
    local day = one and one.days[days - i] or { good = 0, bad = 0 }
    local date = time.format(first + (i - 1) * DAY, "%Y-%m-%d")
    if day.bad > 0 then
      row.days[i] = { state = "bad", text = ("%s: %d failed, %d succeeded"):format(date, day.bad,
        day.good) }
    elseif day.good > 0 then
      row.days[i] = { state = "good", text = ("%s: %d"):format(date, day.good) }
    else
      row.days[i] = { state = "none", text = date .. ": none" }
    end
  end
  return row
end

local COLUMNS = {
  { "cluster", "Cluster" }, { "state", "State" }, { "age", "Newest" }, { "at", "Created" },
  { "count", "Backups", number = true }, { "failed", "Failed", number = true },
  { "schedules", "Schedule" }, { "retention", "Kept" }, { "next", "Next" },
}

--- What the schedules of a cluster say: their times, the longest retention, the next backup.
local function planned(schedules, now)
  local crons, kept, soonest = {}, nil, nil
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

--- Whether the backups of a cluster are as a policy wants them: a state, and why.
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
  return "good", "as it should be"
end

--- The row of a cluster.
local function row_of(cluster, found, schedules, policy, now)
  local crons, kept, soonest = planned(schedules, now)
  local newest = found and found.newest
  local age = newest and now - newest.created_at
  local state, text = verdict(cluster, { age = age, kept = kept, count = #schedules }, policy, now)
  return {
    cluster = cluster.name, count = found and found.good or 0, failed = found and found.bad or 0,
    schedules = #crons > 0 and table.concat(crons, ", ") or nil, next = soonest,
    retention = kept and { value = kept.total, text = time.human(kept) },
    age = age and { value = age.total, text = time.human(age) }, at = newest and newest.created_at,
    state = { text = text, state = state },
  }
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

--- Adds the section.
---@usage require("qdrant.report.backups").add(qdrant.report:page { title = "Backups" }, qdrant, { max_age = "26h" })
---@async
---@param page qdrant.report.Page
---@param connection table
---@param options { max_age?: string|number, retention?: string|number, labels?: table, days?: integer } max_age: of the newest backup, 26 h when not given; retention: the shortest that is right
function backups.add(page, connection, options)
  local now, days = host.now(), options.days or 30
  local policy = {
    max_age = time.duration(options.max_age or "26h"),
    retention = options.retention and time.duration(options.retention),
  }
  local found, first = by_cluster(connection.backups:list(), now, days)
  local schedules = schedules_of(connection)
  local rows, grid, count = {}, {}, { good = 0, warn = 0, bad = 0 }
  for i, cluster in ipairs(connection.clusters:list { labels = options.labels }) do
    local one = found[cluster.id]
    rows[i] = row_of(cluster, one, schedules[cluster.id] or {}, policy, now)
    count[rows[i].state.state] = count[rows[i].state.state] + 1
    grid[i] = day_row(cluster.name, one, first, days)
  end
  table.sort(rows, function(a, b)
    if a.state.state ~= b.state.state then
      return ORDER[a.state.state] < ORDER[b.state.state]
    end
    return a.cluster < b.cluster
  end)
  table.sort(grid, function(a, b)
    return a.name < b.name
  end)
  page:section("Backups", ("The newest backup of a cluster should be at most %s old, and a "
    .. "schedule make the next one%s."):format(time.human(policy.max_age), policy.retention
    and ", kept for " .. time.human(policy.retention) or ""))
  page:figures {
    { "as they should be", ("%d of %d"):format(count.good, #rows),
      count.good == #rows and "good" or nil },
    { "to be looked at", count.warn, count.warn > 0 and "warn" or nil },
    { "without a fresh backup", count.bad, count.bad > 0 and "bad" or nil },
  }
  page:days(("The last %d days: made (green), failed (red), none (grey)"):format(days), grid, {
    from = time.format(first, "%Y-%m-%d"), to = time.format(now, "%Y-%m-%d"),
  })
  page:table("Clusters", COLUMNS, rows)
end

return backups
