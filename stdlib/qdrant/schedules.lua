--- Backup schedules of clusters.
local host = ...

local qdrant = require "qdrant"
local resource = require "qdrant.resource"
local time = require "time"
local units = require "qdrant.resource.units"

---@class qdrant.schedules
local Schedules = resource.module "schedules"

---@class qdrant.Schedule: qdrant.cloud.cluster.backup.v1.BackupSchedule
local Schedule = resource.handle("Schedule", {
  noun = "backup schedule", label = "display_name",
  phase = function(message)
    return (tostring(message.status):gsub("^BACKUP_SCHEDULE_STATUS_", ""))
  end,
})

local function service(self)
  return self.connection.api.cluster.backup
end

--- Lists the schedules, of one cluster if one is named.
---@usage qdrant.schedules:list()
---@async
---@param filter? { cluster?: string|qdrant.Cluster }
---@return qdrant.Schedule[]
function Schedules:list(filter)
  filter = resource.options(filter, "schedules:list", "cluster")
  local all = service(self).list_backup_schedules:all {
    cluster_id = resource.cluster_id(self, filter), page_size = 250,
  }
  return resource.wrap_all(Schedule, all, self.connection, function(schedule)
    return not schedule.deleted_at
  end)
end

--- A schedule by name or id.
---@usage qdrant.schedules:find(qdrant.schedules:list()[1].id)
---@async
---@param wanted string|qdrant.Schedule
---@return qdrant.Schedule
function Schedules:find(wanted)
  -- To get one by id one has to know its cluster.
  return resource.known(Schedule, wanted, "backup schedule")
    or resource.pick(self:list(), wanted, "backup schedule", "display_name")
end

---@class qdrant.schedules.Options
---@field name string 4 to 64 letters, digits, dashes and underscores
---@field cron string in UTC: "0 3 * * *", "@daily"
---@field retention? string|userdata how long backups are kept: "7d"; default: forever
---@field cluster? string|qdrant.Cluster required, except with `cluster:schedules()`
---@field duplicate? boolean allows a name that another schedule has

--- Creates a schedule that makes backups regularly.
---@usage qdrant.clusters:find("search-prod"):schedules():create { name = "nightly-" .. crypto.uuid():sub(1, 8), cron = "0 3 * * *", retention = "7d" }
---@async
---@param options qdrant.schedules.Options
---@return qdrant.Schedule
function Schedules:create(options)
  options = resource.options(options, "schedules:create", "name cron retention cluster duplicate")
  local cluster_id = resource.cluster_id(self, options)
  if not cluster_id then
    error("schedules:create needs the cluster", 2)
  elseif not options.name then
    error("schedules:create needs a name, 4 to 64 letters, digits, dashes and underscores", 2)
  end
  local made = resource.create(function()
    return service(self).create_backup_schedule {
      backup_schedule = {
        cluster_id = cluster_id, display_name = options.name, schedule = units.cron(options.cron),
        retention_period = options.retention,
      },
    }.backup_schedule
  end, function()
    return self:list { cluster = cluster_id }
  end, options.name, {
    noun = "backup schedule", field = "display_name", duplicate = options.duplicate,
  })
  return resource.wrap(Schedule, made, self.connection)
end

--- Reloads it.
---@usage qdrant.schedules:list()[1]:refresh()
---@async
---@return qdrant.Schedule self
function Schedule:refresh()
  return resource.renew(self, service(self).get_backup_schedule {
    cluster_id = self.cluster_id, backup_schedule_id = self.id,
  }.backup_schedule)
end

--- Changes the given options and keeps the others.
---@usage qdrant.schedules:list()[1]:update { retention = "14d" }
---@async
---@param options { name?: string, cron?: string, retention?: string|userdata|qdrant.Null } retention: `qdrant.null` means forever
---@return qdrant.Schedule self
function Schedule:update(options)
  options = resource.options(options, "schedule:update", "name cron retention")
  local change = {
    display_name = options.name, schedule = options.cron and units.cron(options.cron),
    retention_period = options.retention,
  }
  local mask = qdrant.mask(change)
  if #mask == 0 then
    return self
  end
  change.id, change.account_id, change.cluster_id = self.id, self.account_id, self.cluster_id
  return resource.renew(self, resource.change(function()
    return service(self).update_backup_schedule {
      backup_schedule = change, update_mask = mask,
    }.backup_schedule
  end))
end

--- The time of its next backup.
---@usage qdrant.schedules:list()[1]:next()
---@param after? userdata
---@return userdata?
function Schedule:next(after)
  return time.next(self.schedule, after or host.now())
end

--- The backups that it has made.
---@usage qdrant.schedules:list()[1]:backups()
---@async
---@return qdrant.Backup[]
function Schedule:backups()
  return self.connection.backups:list { schedule = self }
end

--- Deletes it. Keeps its backups unless `backups` is true.
---@usage local s = qdrant.clusters:find("search-prod"):schedules():create { name = "short-" .. crypto.uuid():sub(1, 8), cron = "@daily" } s:delete()
---@async
---@param options? { backups?: boolean }
function Schedule:delete(options)
  options = resource.options(options, "schedule:delete", "backups")
  resource.delete(function()
    service(self).delete_backup_schedule {
      backup_schedule_id = self.id, delete_backups = options.backups == true,
    }
  end)
end

return resource.default "schedules"
