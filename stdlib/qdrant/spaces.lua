--- Serverless spaces: databases without clusters, with their keys and backups.
local host = ...

local qdrant = require "qdrant"
local readiness = require "qdrant.resource.readiness"
local resource = require "qdrant.resource"
local settings = require "qdrant.resource.settings"
local units = require "qdrant.resource.units"
local wait = require "qdrant.resource.wait"

---@class qdrant.spaces
local Spaces = resource.module "spaces"

local function phase_of(message)
  local phase = message.state and message.state.phase or "SPACE_STATE_PHASE_UNSPECIFIED"
  return (tostring(phase):gsub("^SPACE_STATE_PHASE_", ""))
end

---@class qdrant.Space: qdrant.cloud.serverless.space.v1.Space
local Space = resource.handle("Space", { phase = phase_of })

---@class qdrant.SpaceKey: qdrant.cloud.serverless.space.auth.v1.SpaceApiKey
local SpaceKey = resource.handle("SpaceKey", { noun = "space key" })

local function backup_status(message)
  return (tostring(message.status):gsub("^BACKUP_STATUS_", ""))
end

---@class qdrant.SpaceBackup: qdrant.cloud.serverless.space.backup.v1.Backup
local SpaceBackup = resource.handle("SpaceBackup", {
  noun = "backup of a space", phase = backup_status,
})

---@class qdrant.SpaceSchedule: qdrant.cloud.serverless.space.backup.v1.BackupSchedule
local SpaceSchedule = resource.handle("SpaceSchedule", {
  noun = "backup schedule of a space",
  phase = function(message)
    return message.paused_at and "PAUSED"
      or (tostring(message.status):gsub("^BACKUP_SCHEDULE_STATUS_", ""))
  end,
})

local PATIENCE = "15m"

local function service(self)
  return self.connection.api.serverless.space
end

--- What a key may do in the whole space.
local ACCESS = { manage = "MANAGE", read = "READ_ONLY", metrics = "METRICS_READ_ONLY" }

local CREATION = resource.names "cloud region wait duplicate progress"

--- Lists the spaces of the account, without those that are being deleted.
---@usage qdrant.spaces:list()
---@async
---@param filter? { cloud?: string, region?: string }
---@return qdrant.Space[]
function Spaces:list(filter)
  filter = resource.options(filter, "spaces:list", "cloud region")
  local all = service(self).list_spaces:all {
    cloud_provider_id = filter.cloud, page_size = 250,
    cloud_provider_region_id = filter.region,
  }
  return resource.wrap_all(Space, all, self.connection, function(space)
    return not space.deleted_at
  end)
end

--- A space by name or id.
---@usage pcall(qdrant.spaces.find, qdrant.spaces, "notes")
---@async
---@param wanted string|qdrant.Space
---@return qdrant.Space
function Spaces:find(wanted)
  local known = resource.known(Space, wanted, "space")
  if known then
    return known
  elseif resource.is_id(wanted) then
    return resource.wrap(Space, service(self).get_space { space_id = wanted }.space,
      self.connection)
  end
  return resource.pick(self:list(), wanted, "space")
end

--- The regions of a provider that spaces can be in.
---@usage qdrant.spaces:regions("aws")
---@async
---@param cloud string
---@return table[]
function Spaces:regions(cloud)
  return self.connection.api.serverless.platform.list_cloud_provider_regions {
    cloud_provider_id = cloud,
  }.items
end

---@class qdrant.spaces.Settings
---@field labels? table<string, string>|qdrant.Null replaces all labels
---@field cost_label? string|qdrant.Null cost allocation label, shown in usage and invoices
---@field allow? string[]|qdrant.Null address blocks (CIDR) that may connect; `qdrant.null` lets everybody connect
---@field origins? string[]|qdrant.Null web origins that may connect
---@field max_storage? string|number|qdrant.Null "10GiB"

---@class qdrant.Space.Update: qdrant.spaces.Settings
---@field name? string
---@field wait? boolean|string|userdata waits until it is ready; a string is the timeout: "15m"
---@field progress? boolean false hides the progress line

---@class qdrant.spaces.Options: qdrant.Space.Update
---@field name? string default: a name that the cloud suggests
---@field cloud string the provider: "aws"
---@field region string
---@field duplicate? boolean allows a name that another space has

--- Creates a space.
---@usage qdrant.spaces:create { name = "s-" .. crypto.uuid():sub(1, 8), cloud = "aws", region = qdrant.spaces:regions("aws")[1].id }
---@async
---@param options qdrant.spaces.Options
---@return qdrant.Space
function Spaces:create(options)
  local space = settings.space(options, CREATION, "spaces:create")
  space.name = space.name or service(self).suggest_space_name({}).name
  space.configuration = space.configuration or {}
  space.cloud_provider_id, space.cloud_provider_region_id = options.cloud, options.region
  local made = resource.create(function()
    return service(self).create_space { space = space }.space
  end, function()
    return self:list()
  end, space.name, { noun = "space", duplicate = options.duplicate })
  return resource.settle(resource.wrap(Space, made, self.connection), options, true)
end

--- Creates a space from a backup of a space.
---@usage pcall(qdrant.spaces.from_backup, qdrant.spaces, { backup = "00000000-0000-4000-8000-000000000000", name = "copy" })
---@async
---@param options { backup: string|qdrant.SpaceBackup, name: string, wait?: boolean|string|userdata, duplicate?: boolean, progress?: boolean }
---@return qdrant.Space
function Spaces:from_backup(options)
  options = resource.options(options, "spaces:from_backup", "backup name wait duplicate progress")
  resource.text(options.name, "spaces:from_backup", "a name")
  local id = resource.id_of(options.backup, "backup of a space")
  local made = resource.create(function()
    return service(self).create_space_from_backup {
      backup_id = id, space_name = options.name,
    }.space
  end, function()
    return self:list()
  end, options.name, { noun = "space", duplicate = options.duplicate })
  return resource.settle(resource.wrap(Space, made, self.connection), options, true)
end

--- Reloads it.
---@usage for _, s in ipairs(qdrant.spaces:list()) do s:refresh() end
---@async
---@return qdrant.Space self
function Space:refresh()
  return resource.renew(self, service(self).get_space { space_id = self.id }.space)
end

--- Its phase, without prefix: "READY".
---@usage for _, s in ipairs(qdrant.spaces:list()) do print(s:phase()) end
---@return string
function Space:phase()
  return phase_of(self)
end

--- The URL of its REST API; nil while it has no address.
---@usage for _, s in ipairs(qdrant.spaces:list()) do print(s:url()) end
---@return string?
function Space:url()
  local endpoint = self.state and self.state.endpoint
  if not endpoint or endpoint.url == "" then
    return nil
  end
  return ("%s:%d"):format(endpoint.url, endpoint.rest_port)
end

--- Waits until it is ready and has its address.
---@usage for _, s in ipairs(qdrant.spaces:list()) do s:wait() end
---@async
---@param options? qdrant.Wait
---@return qdrant.Space self
function Space:wait(options)
  options = resource.options(options, "space:wait", "timeout progress is_new")
  wait {
    what = self.name .. " to be ready", kind = "space.ready", connection = self.connection,
    timeout = options.timeout, patience = PATIENCE,
    progress = options.progress, is_new = options.is_new,
    look = function()
      return resource.message(self:refresh())
    end,
    judge = function(space)
      local phase = phase_of(space)
      local reason = space.state and space.state.reason or ""
      local text = reason ~= "" and phase .. ": " .. reason or phase
      if phase == "READY" and self:url() then
        return { done = true }
      elseif phase == "DISABLED" or phase == "DELETING" then
        return { failed = text }
      end
      return { text = text }
    end,
  }
  return self
end

--- Changes fields as the API has them and nothing else.
---@usage for _, s in ipairs(qdrant.spaces:list()) do s:patch { labels = { { key = "env", value = "dev" } } } end
---@async
---@param fields table
---@return qdrant.Space self
function Space:patch(fields)
  local mask = qdrant.mask(fields)
  if #mask == 0 then
    return self
  end
  fields.id, fields.account_id = self.id, self.account_id
  return resource.renew(self, resource.change(function()
    return service(self).update_space { space = fields, update_mask = mask }.space
  end))
end

--- Changes the given settings and keeps the others.
---@usage for _, s in ipairs(qdrant.spaces:list()) do s:update { labels = { env = "dev" } } end
---@async
---@param options qdrant.Space.Update
---@return qdrant.Space self
function Space:update(options)
  local change = settings.space(options, resource.names "wait progress", "space:update")
  self:patch(change)
  return resource.settle(self, options)
end

--- Deletes it. Keeps its backups unless `backups` is true.
---@usage pcall(function() qdrant.spaces:find("notes"):delete() end)
---@async
---@param options? { backups?: boolean, wait?: boolean|string|userdata, progress?: boolean }
function Space:delete(options)
  options = resource.options(options, "space:delete", "backups wait progress")
  resource.delete(function()
    service(self).delete_space { space_id = self.id, delete_backups = options.backups == true }
  end)
  if options.wait then
    wait {
      what = self.name .. " to be gone", kind = "space.delete", gone = true,
      timeout = options.wait, patience = PATIENCE,
      connection = self.connection, progress = options.progress,
      look = function()
        return resource.message(self:refresh())
      end,
      judge = function(space)
        return { text = phase_of(space) }
      end,
    }
  end
end

--- Its keys.
---@usage for _, s in ipairs(qdrant.spaces:list()) do s:keys() end
---@async
---@return qdrant.SpaceKey[]
function Space:keys()
  return resource.wrap_all(SpaceKey, service(self).auth.list_space_api_keys {
    space_id = self.id,
  }.items, self.connection)
end

---@class qdrant.spaces.KeyOptions
---@field name string
---@field access? "manage"|"read"|"metrics" default: manage
---@field collections? table<string, string> "read" or "write" by name
---@field expires? string|userdata|qdrant.Null a time, a date, or a duration from now
---@field file? string file for the secret, readable by its owner only
---@field duplicate? boolean allows a name that another key has

--- Creates a key. Its secret is available only once: as `key.key`, and in the file if one is named.
---@usage for _, s in ipairs(qdrant.spaces:list()) do s:create_key { name = "k-" .. crypto.uuid():sub(1, 8) } end
---@async
---@param options qdrant.spaces.KeyOptions
---@return qdrant.SpaceKey
function Space:create_key(options)
  options = resource.options(options, "space:create_key",
    "name access collections expires file duplicate")
  local auth = service(self).auth
  local request = {
    account_id = self.account_id, space_id = self.id, name = options.name,
    expires_at = settings.expiry(options.expires), access_rules = settings.rules(options, ACCESS),
  }
  local function delete(key)
    auth.delete_space_api_key { space_id = self.id, space_api_key_id = key.id }
  end
  local function keys()
    return auth.list_space_api_keys({ space_id = self.id }).items
  end
  local made = resource.keep_secret(options.file, function()
    return resource.create_key(function()
      return auth.create_space_api_key({ space_api_key = request }).space_api_key
    end, keys, delete, options.name, { noun = "space key", duplicate = options.duplicate })
  end, delete, options.name, keys)
  return resource.wrap(SpaceKey, made, self.connection)
end

--- Deletes it.
---@usage for _, s in ipairs(qdrant.spaces:list()) do for _, k in ipairs(s:keys()) do k:delete() end end
---@async
function SpaceKey:delete()
  resource.delete(function()
    service(self).auth.delete_space_api_key {
      space_id = self.space_id, space_api_key_id = self.id,
    }
  end)
end

--- Its backups, the oldest first.
---@usage for _, s in ipairs(qdrant.spaces:list()) do s:backups() end
---@async
---@return qdrant.SpaceBackup[]
function Space:backups()
  return resource.wrap_all(SpaceBackup, service(self).backup.list_backups:all {
    space_id = self.id, page_size = 250,
  }, self.connection)
end

--- Starts a backup of it, or of one collection.
---@usage for _, s in ipairs(qdrant.spaces:list()) do s:backup { retention = "7d" } end
---@async
---@param options? { retention?: string|userdata, collection?: string, wait?: boolean|string|userdata, progress?: boolean }
---@return qdrant.SpaceBackup
function Space:backup(options)
  options = resource.options(options, "space:backup", "retention collection wait progress")
  local before = {}
  for _, backup in ipairs(self:backups()) do
    before[backup.id] = true
  end
  local made = resource.change(function()
    return service(self).backup.create_backup {
      backup = { account_id = self.account_id, space_id = self.id,
        retention_period = options.retention, collection_name = options.collection },
    }.backup
  end, function()
    for _, backup in ipairs(self:backups()) do
      if not before[backup.id] then
        return backup
      end
    end
  end)
  return resource.settle(resource.wrap(SpaceBackup, made, self.connection), options, true)
end

--- Waits until it has succeeded; its failure is raised.
---@usage for _, s in ipairs(qdrant.spaces:list()) do s:backup():wait() end
---@async
---@param options? qdrant.Wait
---@return qdrant.SpaceBackup self
function SpaceBackup:wait(options)
  options = resource.options(options, "backup of a space:wait", "timeout progress is_new")
  wait {
    what = ("backup %s to succeed"):format(self.name), kind = "space.backup",
    timeout = options.timeout, patience = "1h",
    connection = self.connection, progress = options.progress, is_new = options.is_new,
    look = function()
      return resource.renew(self, service(self).backup.get_backup { backup_id = self.id }.backup)[1]
    end,
    judge = readiness.succeeded(host.monotonic, backup_status),
  }
  return self
end

--- Deletes it.
---@usage for _, s in ipairs(qdrant.spaces:list()) do for _, b in ipairs(s:backups()) do b:delete() end end
---@async
function SpaceBackup:delete()
  resource.delete(function()
    service(self).backup.delete_backup { backup_id = self.id }
  end)
end

--- Its backup schedules.
---@usage for _, s in ipairs(qdrant.spaces:list()) do s:schedules() end
---@async
---@return qdrant.SpaceSchedule[]
function Space:schedules()
  return resource.wrap_all(SpaceSchedule, service(self).backup.list_backup_schedules:all {
    space_id = self.id, page_size = 250,
  }, self.connection, function(schedule)
    return not schedule.deleted_at
  end)
end

--- Creates a backup schedule for the whole space or for one collection.
---@usage for _, s in ipairs(qdrant.spaces:list()) do s:create_schedule { name = "nightly", cron = "@daily" } end
---@async
---@param options { name: string, cron: string, retention?: string|userdata, collection?: string }
---@return qdrant.SpaceSchedule
function Space:create_schedule(options)
  options = resource.options(options, "space:create_schedule", "name cron retention collection")
  local made = resource.create(function()
    return service(self).backup.create_backup_schedule {
      backup_schedule = { account_id = self.account_id, space_id = self.id, name = options.name,
        schedule = units.cron(options.cron), retention_period = options.retention,
        collection_name = options.collection },
    }.backup_schedule
  end, function()
    return self:schedules()
  end, options.name, { noun = "backup schedule" })
  return resource.wrap(SpaceSchedule, made, self.connection)
end

--- Changes the given options and keeps the others; `paused = true` suspends its backups until
--- `paused = false`.
---@usage for _, s in ipairs(qdrant.spaces:list()) do for _, schedule in ipairs(s:schedules()) do schedule:update { paused = true } end end
---@async
---@param options { name?: string, cron?: string, retention?: string|userdata|qdrant.Null, paused?: boolean }
---@return qdrant.SpaceSchedule self
function SpaceSchedule:update(options)
  options = resource.options(options, "schedule of a space:update", "name cron retention paused")
  local change = {
    name = options.name, schedule = options.cron and units.cron(options.cron),
    retention_period = options.retention,
  }
  if options.paused ~= nil then
    change.paused_at = options.paused and host.now() or qdrant.null
  end
  local mask = qdrant.mask(change)
  if #mask == 0 then
    return self
  end
  change.id, change.account_id, change.space_id = self.id, self.account_id, self.space_id
  return resource.renew(self, resource.change(function()
    return service(self).backup.update_backup_schedule {
      backup_schedule = change, update_mask = mask,
    }.backup_schedule
  end))
end

--- Deletes it. Keeps its backups unless `backups` is true.
---@usage for _, s in ipairs(qdrant.spaces:list()) do for _, schedule in ipairs(s:schedules()) do schedule:delete() end end
---@async
---@param options? { backups?: boolean }
function SpaceSchedule:delete(options)
  options = resource.options(options, "schedule of a space:delete", "backups")
  resource.delete(function()
    service(self).backup.delete_backup_schedule {
      backup_schedule_id = self.id, delete_backups = options.backups == true,
    }
  end)
end

return resource.default "spaces"
