--- Hybrid cloud environments: your own Kubernetes clusters in which Qdrant clusters run.
local qdrant = require "qdrant"
local resource = require "qdrant.resource"
local settings = require "qdrant.resource.settings"
local wait = require "qdrant.resource.wait"

---@class qdrant.environments
local Environments = resource.module "environments"

local function phase_of(message)
  local status = message.status
  return status and (tostring(status.phase):gsub("^HYBRID_CLOUD_ENVIRONMENT_STATUS_PHASE_", ""))
    or "NOT_CONNECTED"
end

---@class qdrant.Environment: qdrant.cloud.hybrid.v1.HybridCloudEnvironment
local Environment = resource.handle("Environment", { phase = phase_of })

local PATIENCE = "20m"

local function service(self)
  return self.connection.api.hybrid
end

--- The environments of the account.
---@usage qdrant.environments:list()
---@async
---@return qdrant.Environment[]
function Environments:list()
  return resource.wrap_all(Environment, service(self).list_hybrid_cloud_environments({}).items,
    self.connection)
end

--- An environment by id.
---@usage pcall(qdrant.environments.get, qdrant.environments, "00000000-0000-4000-8000-000000000000")
---@async
---@param id string
---@return qdrant.Environment
function Environments:get(id)
  return resource.wrap(Environment, service(self).get_hybrid_cloud_environment {
    hybrid_cloud_environment_id = id,
  }.hybrid_cloud_environment, self.connection)
end

--- An environment by name or id.
---@usage pcall(qdrant.environments.find, qdrant.environments, "factory")
---@async
---@param wanted string|qdrant.Environment
---@return qdrant.Environment
function Environments:find(wanted)
  return resource.known(Environment, wanted, "hybrid environment")
    or resource.is_id(wanted) and self:get(wanted)
    or resource.pick(self:list(), wanted, "hybrid environment")
end

---@class qdrant.environments.Settings
---@field namespace? string in Kubernetes; it cannot be changed later
---@field http_proxy? string|qdrant.Null
---@field https_proxy? string|qdrant.Null
---@field no_proxy? string[]|qdrant.Null
---@field registry? string|qdrant.Null where container images come from
---@field charts? string|qdrant.Null where charts come from
---@field registry_secret? string|qdrant.Null the name of a secret in Kubernetes
---@field ca_certificates? string|qdrant.Null
---@field storage_class? string|qdrant.Null of the data
---@field snapshot_class? string|qdrant.Null of snapshots
---@field volume_snapshot_class? string|qdrant.Null
---@field ingress? table[]|qdrant.Null
---@field egress? table[]|qdrant.Null
---@field log_level? qdrant.cloud.hybrid.v1.HybridCloudEnvironmentConfigurationLogLevel
---@field tolerations? (string|table)[]|qdrant.Null "key=value:Effect"
---@field node_selector? table<string, string>|qdrant.Null
---@field operator? table|qdrant.Null advanced settings of the operator
---@field labels? table<string, string>|qdrant.Null of the control plane

---@class qdrant.Environment.Update: qdrant.environments.Settings
---@field name? string

---@class qdrant.environments.Options: qdrant.environments.Settings
---@field name string
---@field duplicate? boolean allows a name that another environment has

--- Creates an environment. To connect it, run the commands that `bootstrap` returns in the Kubernetes
--- cluster.
---@usage pcall(function() qdrant.environments:create { name = "factory", namespace = "qdrant" } end)
---@async
---@param options qdrant.environments.Options
---@return qdrant.Environment
function Environments:create(options)
  local environment = settings.environment(options, { duplicate = true }, "environments:create")
  local made = resource.create(function()
    return service(self).create_hybrid_cloud_environment {
      hybrid_cloud_environment = environment,
    }.hybrid_cloud_environment
  end, function()
    return self:list()
  end, options.name, { noun = "hybrid environment", duplicate = options.duplicate })
  return resource.wrap(Environment, made, self.connection)
end

--- Reloads it.
---@usage for _, e in ipairs(qdrant.environments:list()) do e:refresh() end
---@async
---@return qdrant.Environment self
function Environment:refresh()
  return resource.renew(self, service(self).get_hybrid_cloud_environment {
    hybrid_cloud_environment_id = self.id,
  }.hybrid_cloud_environment)
end

--- Its phase: "READY", "NOT_READY", "FAILED_TO_SYNC", or "NOT_CONNECTED" before its agent has connected.
---@usage for _, e in ipairs(qdrant.environments:list()) do print(e:phase()) end
---@return string
function Environment:phase()
  return phase_of(self)
end

--- Changes the given settings and keeps the others; `qdrant.null` clears a setting.
---@usage for _, e in ipairs(qdrant.environments:list()) do e:update { log_level = "info" } end
---@async
---@param options qdrant.Environment.Update
---@return qdrant.Environment self
function Environment:update(options)
  local change = settings.environment(options, {}, "environment:update")
  local mask = qdrant.mask(change)
  if #mask == 0 then
    return self
  end
  change.id, change.account_id = self.id, self.account_id
  return resource.renew(self, resource.change(function()
    return service(self).update_hybrid_cloud_environment {
      hybrid_cloud_environment = change, update_mask = mask,
    }.hybrid_cloud_environment
  end))
end

--- The commands that connect it, with their secrets: `commands`, `access_key`, `registry_username`,
--- `registry_password`. Each call creates new secrets and invalidates those of the previous call.
---@usage for _, e in ipairs(qdrant.environments:list()) do print(#e:bootstrap().commands) end
---@async
---@return table
function Environment:bootstrap()
  -- What an attempt whose answer was lost has made is replaced by the next.
  return resource.change(function()
    return service(self).generate_bootstrap_commands { hybrid_cloud_environment_id = self.id }
  end)
end

--- Waits until it is connected and clusters can be created in it.
---@usage for _, e in ipairs(qdrant.environments:list()) do pcall(e.wait, e, { timeout = 1 }) end
---@async
---@param options? qdrant.Wait
---@return qdrant.Environment self
function Environment:wait(options)
  options = resource.options(options, "environment:wait", "timeout progress")
  wait {
    what = self.name .. " to be ready for clusters", kind = "environment.ready",
    timeout = options.timeout, patience = PATIENCE,
    connection = self.connection, progress = options.progress,
    look = function()
      return resource.message(self:refresh())
    end,
    judge = function(environment)
      local status = environment.status
      local text = phase_of(environment)
      if status and text == "READY"
        and status.cluster_creation_readiness == "QDRANT_CLUSTER_CREATION_STATUS_READY" then
        return { done = true }
      elseif text == "READY" then
        text = "READY, but not yet ready for clusters"
      end
      if status and status.message and status.message ~= "" then
        text = text .. ": " .. status.message
      end
      return { text = text }
    end,
  }
  return self
end

--- Deletes it. Its clusters must be deleted before.
---@usage pcall(function() qdrant.environments:find("factory"):delete() end)
---@async
function Environment:delete()
  resource.delete(function()
    service(self).delete_hybrid_cloud_environment { hybrid_cloud_environment_id = self.id }
  end)
end

return resource.default "environments"
