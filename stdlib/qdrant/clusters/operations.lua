--- Operations on a whole cluster: upgrade, restart, suspend, resume, delete.
local host = ...

local handle = require "qdrant.clusters.handle"
local readiness = require "qdrant.resource.readiness"
local resource = require "qdrant.resource"

---@class qdrant.Cluster: qdrant.cloud.cluster.v1.Cluster
local Cluster = handle.Cluster

--- What all of these take.
local WAIT = "wait progress"

local function service(self)
  return self.connection.api.cluster
end

-- Versions ------------------------------------------------------------------------------------

--- The versions that it can be upgraded to, the newest last.
---@usage qdrant.clusters:find("search-prod"):releases()
---@async
---@return table[]
function Cluster:releases()
  return self.connection.releases:list { cluster = self.id }
end

--- Upgrades it, to the newest version when "latest" is asked for.
---@usage qdrant.clusters:find("search-prod"):upgrade("latest")
---@async
---@param version string
---@param options? { wait?: boolean|string|userdata, progress?: boolean }
---@return qdrant.Cluster self
function Cluster:upgrade(version, options)
  resource.text(version, "cluster:upgrade", "a version, \"latest\" or \"v1.17.1\"")
  options = resource.options(options, "cluster:upgrade", WAIT)
  local before = resource.message(self:refresh())
  local target_version = self.connection.releases:target(self, version)
  if target_version == self.state.version and target_version == self.configuration.version then
    return self
  end
  handle.send(self, { configuration = { version = target_version } })
  return handle.settle(self, options, "cluster.upgrade", {
    since = self.configuration.last_modified_at,
  }, before)
end

-- Starting and stopping -----------------------------------------------------------------------

--- Restarts its nodes.
---@usage qdrant.clusters:find("search-prod"):restart()
---@async
---@param options? { wait?: boolean|string|userdata, progress?: boolean }
---@return qdrant.Cluster self
function Cluster:restart(options)
  options = resource.options(options, "cluster:restart", WAIT)
  local before = resource.message(self:refresh())
  resource.change(function()
    service(self).restart_cluster { cluster_id = self.id }
    return true
  end, function()
    -- Once is enough.
    local present = self:refresh().state.restarted_at
    local earlier = before.state.restarted_at
    return present and (not earlier or present > earlier) or nil
  end)
  return handle.settle(self, options, "cluster.restart", { restarts = true }, before)
end

--- Whether it is in one of some phases now.
local function is_in(self, ...)
  local phase = self:refresh():phase()
  for _, one in ipairs { ... } do
    if phase == one then
      return true
    end
  end
end

--- Suspends it and keeps its data. Does nothing if it is already suspended.
---@usage qdrant.clusters:find("staging"):suspend()
---@async
---@param options? { wait?: boolean|string|userdata, progress?: boolean }
---@return qdrant.Cluster self
function Cluster:suspend(options)
  options = resource.options(options, "cluster:suspend", WAIT)
  local before = resource.message(self:refresh())
  if not is_in(self, "SUSPENDED", "SUSPENDING") then
    resource.change(function()
      service(self).suspend_cluster { cluster_id = self.id }
      return true
    end, function()
      return is_in(self, "SUSPENDED", "SUSPENDING")
    end)
  end
  if options.wait then
    handle.await(self, { timeout = options.wait, progress = options.progress }, "to be suspended",
      "cluster.suspend", readiness.suspended(host.monotonic, before))
  end
  return self
end

--- Resumes it. Does nothing if it is running.
---@usage qdrant.clusters:find("staging"):resume()
---@async
---@param options? { wait?: boolean|string|userdata, progress?: boolean }
---@return qdrant.Cluster self
function Cluster:resume(options)
  options = resource.options(options, "cluster:resume", WAIT)
  local before = resource.message(self:refresh())
  if readiness.phase(before) == "SUSPENDING" then
    -- One that is just being stopped cannot be started yet.
    handle.await(self, { timeout = options.wait, progress = options.progress }, "to be suspended",
      "cluster.suspend", readiness.suspended(host.monotonic, before))
  end
  if is_in(self, "SUSPENDED", "FAILED_TO_RESUME") then
    resource.change(function()
      service(self).unsuspend_cluster { cluster_id = self.id }
      return true
    end, function()
      return not is_in(self, "SUSPENDED", "FAILED_TO_RESUME") or nil
    end)
  end
  return handle.settle(self, options, "cluster.resume", nil, before)
end

--- Enables keys with rules (JWT RBAC). This restarts it and cannot be undone.
---@usage qdrant.clusters:find("search-prod"):enable_jwt_rbac()
---@async
---@param options? { wait?: boolean|string|userdata, progress?: boolean }
---@return qdrant.Cluster self
function Cluster:enable_jwt_rbac(options)
  options = resource.options(options, "cluster:enable_jwt_rbac", WAIT)
  local before = resource.message(self:refresh())
  if not self.state.jwt_rbac then
    resource.change(function()
      service(self).enable_cluster_jwt_rbac { cluster_id = self.id }
      return true
    end, function()
      return self:refresh().state.jwt_rbac or nil
    end)
    handle.settle(self, options, "cluster.update", { restarts = true }, before)
  end
  return self
end

--- Deletes it. Keeps its backups unless `backups` is true.
---@usage qdrant.clusters:find("staging"):delete()
---@async
---@param options? { backups?: boolean, force?: boolean, wait?: boolean|string|userdata, progress?: boolean } force: also deletes a hybrid cluster whose environment cannot be reached
function Cluster:delete(options)
  options = resource.options(options, "cluster:delete", WAIT, "backups force")
  resource.delete(function()
    service(self).delete_cluster {
      cluster_id = self.id, delete_backups = options.backups == true, force = options.force,
    }
  end)
  if options.wait then
    handle.await(self, { timeout = options.wait, progress = options.progress }, "to be gone",
      "cluster.delete", readiness.gone(), true)
  end
end

return Cluster
