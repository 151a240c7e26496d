--- Backups: creates them, waits for them, restores them, creates clusters from them.
local host = ...

local readiness = require "qdrant.resource.readiness"
local resource = require "qdrant.resource"
local units = require "qdrant.resource.units"
local wait = require "qdrant.resource.wait"

---@class qdrant.backups
local Backups = resource.module "backups"

--- "SUCCEEDED" of BACKUP_STATUS_SUCCEEDED.
local function status_of(message)
  return (tostring(message.status):gsub("^BACKUP_STATUS_", ""))
end

---@class qdrant.Backup: qdrant.cloud.cluster.backup.v1.Backup
local Backup = resource.handle("Backup", { label = "display_name", phase = status_of })

local PATIENCE = "1h"

local FILTERS = "cluster schedule status younger_than older_than"

local function service(self)
  return self.connection.api.cluster.backup
end

---@class qdrant.backups.Filter
---@field cluster? string|qdrant.Cluster
---@field schedule? string|qdrant.Schedule
---@field status? qdrant.cloud.cluster.backup.v1.BackupStatus
---@field younger_than? string|userdata "24h"
---@field older_than? string|userdata

--- The backups, the oldest first.
---@usage qdrant.backups:list { status = "SUCCEEDED", younger_than = "24h" }
---@async
---@param filter? qdrant.backups.Filter
---@return qdrant.Backup[]
function Backups:list(filter)
  filter = resource.options(filter, "backups:list", FILTERS)
  local status = filter.status
    and resource.enum("qdrant.cloud.cluster.backup.v1.BackupStatus", filter.status, "status")
  local now = host.now()
  local younger = filter.younger_than and now - units.length(filter.younger_than, "younger_than")
  local older = filter.older_than and now - units.length(filter.older_than, "older_than")
  local all = service(self).list_backups:all {
    cluster_id = resource.cluster_id(self, filter), page_size = 250,
    backup_schedule_id = filter.schedule and resource.id_of(filter.schedule, "backup schedule"),
  }
  return resource.wrap_all(Backup, all, self.connection, function(backup)
    return not backup.deleted_at and (not status or backup.status == status)
      and (not younger or backup.created_at > younger) and (not older or backup.created_at < older)
  end)
end

--- A backup by id.
---@usage qdrant.backups:get(qdrant.backups:list()[1].id)
---@async
---@param id string
---@return qdrant.Backup
function Backups:get(id)
  return resource.wrap(Backup, service(self).get_backup { backup_id = id }.backup, self.connection)
end

--- Finds a backup by name or id. Names need not be unique: fails when several backups have the name.
---@usage qdrant.backups:find(qdrant.backups:list()[1].id)
---@async
---@param wanted string|qdrant.Backup
---@return qdrant.Backup
function Backups:find(wanted)
  return resource.known(Backup, wanted, "backup")
    or resource.is_id(wanted) and self:get(wanted)
    or resource.pick(self:list(), wanted, "backup", "display_name")
end

--- The newest successful backup; nil if there is none.
---@usage qdrant.clusters:find("search-prod"):backups():latest()
---@async
---@param filter? qdrant.backups.Filter
---@return qdrant.Backup?
function Backups:latest(filter)
  local newest
  for _, backup in ipairs(self:list(filter)) do
    if status_of(backup) == "SUCCEEDED" and (not newest or backup.created_at > newest.created_at)
    then
      newest = backup
    end
  end
  return newest
end

---@class qdrant.backups.Options
---@field name string 4 to 64 letters, digits, dashes and underscores
---@field retention? string|userdata how long it is kept: "30d"; default: forever
---@field cluster? string|qdrant.Cluster required, except with `cluster:backups()`
---@field duplicate? boolean allows a name that another backup of the cluster has
---@field wait? boolean|string|userdata waits until it succeeds; a string is the timeout: "1h"
---@field progress? boolean false hides the progress line

--- Starts a backup; with `wait` it returns once the backup has succeeded.
---@usage qdrant.clusters:find("search-prod"):backups():create { name = "before-migration", retention = "30d" }
---@async
---@param options qdrant.backups.Options
---@return qdrant.Backup
function Backups:create(options)
  options = resource.options(options, "backups:create", "name cluster retention wait duplicate "
    .. "progress")
  local cluster_id = resource.cluster_id(self, options)
  if not cluster_id then
    error("backups:create needs the cluster", 2)
  elseif not options.name then
    error("backups:create needs a name, 4 to 64 letters, digits, dashes and underscores", 2)
  end
  local made = resource.create(function()
    return service(self).create_backup {
      backup = {
        cluster_id = cluster_id, display_name = options.name,
        retention_period = options.retention,
      },
    }.backup
  end, function()
    return self:list { cluster = cluster_id }
  end, options.name, { noun = "backup", field = "display_name",
    duplicate = options.duplicate })
  local backup = resource.wrap(Backup, made, self.connection)
  return resource.settle(backup, options, true)
end

--- The price of storing backups of a size.
---@usage qdrant.backups:quote { cloud = "aws", region = "eu-central-1", size = "50GiB" }
---@async
---@param options { cloud: string, region?: string, size?: string|number }
---@return { currency: string, hourly: number, monthly: number, quote: table }
function Backups:quote(options)
  options = resource.options(options, "backups:quote", "cloud region size")
  local quote = self.connection.api.booking.get_backup_quote {
    cloud_provider_id = options.cloud, cloud_provider_region_id = options.region,
    backup_size_gib = options.size and units.gib(options.size, "size"),
  }
  local hourly = quote.discounted_price_per_hour / 100000
  return { currency = quote.currency, hourly = hourly, quote = quote,
    monthly = hourly * units.HOURS_A_MONTH }
end

-- One backup ----------------------------------------------------------------------------------

--- Reloads it.
---@usage qdrant.backups:list()[1]:refresh()
---@async
---@return qdrant.Backup self
function Backup:refresh()
  return resource.renew(self, service(self).get_backup { backup_id = self.id }.backup)
end

--- Its status, without prefix: "SUCCEEDED".
---@usage qdrant.backups:list()[1]:phase()
---@return string
function Backup:phase()
  return status_of(self)
end

--- Waits until it has succeeded; its failure is raised.
---@usage qdrant.backups:latest():wait()
---@async
---@param options? { timeout?: string|number|boolean|userdata, progress?: boolean, is_new?: boolean } is_new: whether it was just created
---@return qdrant.Backup self
function Backup:wait(options)
  options = resource.options(options, "backup:wait", "timeout progress is_new")
  wait {
    what = ("backup %s to succeed"):format(self.display_name), kind = "backup.create",
    timeout = options.timeout, patience = PATIENCE,
    connection = self.connection, progress = options.progress, is_new = options.is_new,
    look = function()
      return resource.message(self:refresh())
    end,
    judge = readiness.succeeded(host.monotonic, status_of),
  }
  return self
end

--- Gives it another name.
---@usage local b = qdrant.backups:latest() b:rename(b.display_name)
---@async
---@param name string
---@return qdrant.Backup self
function Backup:rename(name)
  resource.text(name, "backup:rename", "a name")
  return resource.renew(self, resource.change(function()
    return service(self).update_backup {
      backup = { id = self.id, account_id = self.account_id, cluster_id = self.cluster_id,
        display_name = name },
    }.backup
  end))
end

--- Restores it into its cluster. The cluster is unavailable meanwhile, and data written after the
--- backup is lost.
---@usage local b = qdrant.backups:latest() b:restore()
---@async
---@param options? { wait?: boolean|string|userdata, progress?: boolean }
---@return qdrant.Restore
function Backup:restore(options)
  options = resource.options(options, "backup:restore", "wait progress")
  return self.connection.restores:create {
    backup = self, wait = options.wait, progress = options.progress,
  }
end

--- Creates a new cluster from it; takes the options of `clusters:from_backup`.
---@usage local b = qdrant.backups:latest() b:to_cluster { name = "copy-" .. crypto.uuid():sub(1, 8) }
---@async
---@param options { name: string, wait?: boolean|string|userdata, duplicate?: boolean, progress?: boolean } name: 4 to 64 letters, digits, dashes and underscores
---@return qdrant.Cluster
function Backup:to_cluster(options)
  options = resource.options(options, "backup:to_cluster", "name wait duplicate progress")
  return self.connection.clusters:from_backup {
    backup = self, name = options.name, wait = options.wait, duplicate = options.duplicate,
    progress = options.progress,
  }
end

--- Deletes it.
---@usage local b = qdrant.clusters:find("search-prod"):backup { name = "unwanted", wait = true } b:delete()
---@async
---@param options? { force?: boolean, wait?: boolean|string|userdata, progress?: boolean } force: without its environment's confirmation
function Backup:delete(options)
  options = resource.options(options, "backup:delete", "force wait progress")
  resource.delete(function()
    service(self).delete_backup { backup_id = self.id, force = options.force }
  end)
  if options.wait then
    wait {
      what = ("backup %s to be gone"):format(self.display_name), kind = "backup.delete",
      timeout = options.wait, patience = PATIENCE, gone = true,
      connection = self.connection, progress = options.progress,
      look = function()
        return resource.message(self:refresh())
      end,
      judge = function(backup)
        return { text = status_of(backup) }
      end,
    }
  end
end

return resource.default "backups"
