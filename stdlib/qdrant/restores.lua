--- Restores of backups into the clusters that they were taken from.
local host = ...

local readiness = require "qdrant.resource.readiness"
local resource = require "qdrant.resource"
local wait = require "qdrant.resource.wait"

---@class qdrant.restores
local Restores = resource.module "restores"

local function status_of(message)
  return (tostring(message.status):gsub("^BACKUP_RESTORE_STATUS_", ""))
end

---@class qdrant.Restore: qdrant.cloud.cluster.backup.v1.BackupRestore
local Restore = resource.handle("Restore", { label = "backup_id", phase = status_of })

local PATIENCE = "1h"

local function service(self)
  return self.connection.api.cluster.backup
end

--- Lists the restores, oldest first, of one cluster if one is named.
---@usage qdrant.restores:list()
---@async
---@param filter? { cluster?: string|qdrant.Cluster }
---@return qdrant.Restore[]
function Restores:list(filter)
  filter = resource.options(filter, "restores:list", "cluster")
  local all = service(self).list_backup_restores:all {
    page_size = 250, cluster_id = resource.cluster_id(self, filter),
  }
  return resource.wrap_all(Restore, all, self.connection)
end

--- The newest restore of a backup that is none of some others: the answer to a request for one does
--- not say which it is.
local function newest(self, backup, others)
  local found
  for _, restore in ipairs(self:list { cluster = backup.cluster_id }) do
    if restore.backup_id == backup.id and not others[restore.id]
      and (not found or restore.created_at > found.created_at) then
      found = restore
    end
  end
  return found
end

--- Restores a backup into its cluster: its data, configuration and version. Data written after the
--- backup is lost, and the cluster is unavailable until it is ready again.
---@usage qdrant.restores:create { backup = qdrant.backups:latest() }
---@async
---@param options { backup: string|qdrant.Backup, wait?: boolean|string|userdata, progress?: boolean }
---@return qdrant.Restore
function Restores:create(options)
  options = resource.options(options, "restores:create", "backup wait progress")
  local backup = self.connection.backups:find(options.backup)
  if backup:phase() ~= "SUCCEEDED" then
    resource.fail("FAILED_PRECONDITION", ("backup %s is %s: only a successful backup can be "
      .. "restored"):format(backup.display_name, backup:phase()))
  end
  local before = {}
  for _, restore in ipairs(self:list { cluster = backup.cluster_id }) do
    before[restore.id] = true
  end
  resource.change(function()
    service(self).restore_backup { backup_id = backup.id }
    return true
  end, function()
    return newest(self, backup, before)
  end)
  -- It may take a moment until it is listed; in a dry run it never is.
  local restore
  if host.is_dry_run() then
    local echo = host.message("qdrant.cloud.cluster.backup.v1.BackupRestore", {
      backup_id = backup.id, cluster_id = backup.cluster_id, account_id = backup.account_id,
    })
    return resource.wrap(Restore, echo, self.connection)
  end
  wait {
    what = ("the restore of %s to begin"):format(backup.display_name), timeout = "2m",
    connection = self.connection, progress = options.progress,
    look = function()
      restore = newest(self, backup, before)
      return restore
    end,
    judge = function(found)
      return { done = found ~= nil }
    end,
  }
  return resource.settle(restore, options)
end

--- A restore by id.
---@usage for _, r in ipairs(qdrant.restores:list()) do qdrant.restores:find(r.id) end
---@async
---@param wanted string|qdrant.Restore
---@return qdrant.Restore
function Restores:find(wanted)
  return resource.known(Restore, wanted, "restore")
    or resource.pick(self:list(), wanted, "restore", "id")
end

--- Reloads it.
---@usage qdrant.restores:create({ backup = qdrant.backups:latest() }):refresh()
---@async
---@return qdrant.Restore self
function Restore:refresh()
  for restore in service(self).list_backup_restores:each {
    cluster_id = self.cluster_id, page_size = 250,
  } do
    if restore.id == self.id then
      return resource.renew(self, restore)
    end
  end
  resource.fail("NOT_FOUND", "the restore " .. self.id .. " is no longer listed")
end

--- Its status, without prefix: "SUCCEEDED".
---@usage qdrant.restores:create({ backup = qdrant.backups:latest() }):phase()
---@return string
function Restore:phase()
  return status_of(self)
end

--- Waits until the data is back and the cluster is ready again.
---@usage qdrant.restores:create({ backup = qdrant.backups:latest() }):wait()
---@async
---@param options? qdrant.Wait
---@return qdrant.Restore self
function Restore:wait(options)
  options = resource.options(options, "restore:wait", "timeout progress")
  wait {
    what = "the restore to succeed", kind = "backup.restore",
    timeout = options.timeout, patience = PATIENCE,
    connection = self.connection, progress = options.progress,
    look = function()
      return resource.message(self:refresh())
    end,
    judge = readiness.succeeded(host.monotonic, status_of),
  }
  self.connection.clusters:get(self.cluster_id):wait {
    timeout = options.timeout, progress = options.progress,
  }
  return self
end

return resource.default "restores"
