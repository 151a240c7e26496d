--- Database keys: creates them with rules and an expiry, writes their secrets to files, waits until the
--- database accepts them, rotates them.
local host = ...

local resource = require "qdrant.resource"
local settings = require "qdrant.resource.settings"
local units = require "qdrant.resource.units"
local wait = require "qdrant.resource.wait"

---@class qdrant.keys
local Keys = resource.module "keys"

---@class qdrant.Key: qdrant.cloud.cluster.auth.v2.DatabaseApiKey
local Key = resource.handle("Key", { noun = "database key" })

local PATIENCE = "2m"

local function service(self)
  return self.connection.api.cluster.auth
end

--- The cluster that keys are of; nil for those of all clusters.
local function cluster_of(self, options)
  local wanted = options and options.cluster or self.cluster
  return wanted and self.connection.clusters:find(wanted)
end

--- Lists the database keys, of one cluster if one is named, without their secrets.
---@usage qdrant.keys:list { cluster = "search-prod" }
---@async
---@param filter? { cluster?: string|qdrant.Cluster, expires_before?: any } expires_before: time or duration from now
---@return qdrant.Key[]
function Keys:list(filter)
  filter = resource.options(filter, "keys:list", "cluster expires_before")
  local cluster = cluster_of(self, filter)
  local before = units.moment(filter.expires_before, "expires_before", 1)
  local all = service(self).list_database_api_keys { cluster_id = cluster and cluster.id }.items
  return resource.wrap_all(Key, all, self.connection, before and function(key)
    return key.expires_at ~= nil and key.expires_at < before
  end)
end

--- A key by name or id.
---@usage local k = qdrant.keys:list()[1] qdrant.keys:find(k.id)
---@async
---@param wanted string|qdrant.Key
---@return qdrant.Key
function Keys:find(wanted)
  return resource.known(Key, wanted, "database key")
    or resource.pick(self:list(), wanted, "database key")
end

--- What a key may do in the whole database.
local ACCESS = { manage = "MANAGE", read = "READ_ONLY", read_only = "READ_ONLY" }

local CREATION = "name access collections expires wait file cluster duplicate progress"

---@class qdrant.keys.Options
---@field name string
---@field cluster? string|qdrant.Cluster required, except with `cluster:keys()`
---@field access? "manage"|"read" default: manage
---@field collections? table<string, string> "read" or "write" by collection, instead of access
---@field expires? string|userdata|qdrant.Null a time, a date, or a duration: "90d"; default: never
---@field file? string file for the secret, readable by its owner only
---@field wait? boolean|string|userdata waits until the database accepts it
---@field duplicate? boolean allows a name that another key has
---@field progress? boolean false hides the progress line

local function delete_key(connection, cluster_id, id)
  connection.api.cluster.auth.delete_database_api_key {
    cluster_id = cluster_id, database_api_key_id = id,
  }
end

--- Makes a key, and its file when one is wanted.
local function make(self, cluster, request, options)
  local function delete(key)
    delete_key(self.connection, cluster.id, key.id)
  end
  local function keys()
    return service(self).list_database_api_keys { cluster_id = cluster.id }.items
  end
  local made = resource.keep_secret(options.file, function()
    return resource.create_key(function()
      return service(self).create_database_api_key { database_api_key = request }.database_api_key
    end, keys, delete, request.name, { noun = "database key", duplicate = options.duplicate })
  end, delete, request.name, keys)
  return resource.wrap(Key, made, self.connection)
end

--- Waits until a key that was just made works. A wait that fails keeps it: the error has its secret.
local function working(key, cluster, options)
  local ok, problem = pcall(key.wait, key, {
    timeout = options.wait, progress = options.progress, cluster = cluster,
  })
  if not ok then
    if type(problem) == "table" then
      rawset(problem, "key", key.key)
    end
    error(problem, 0)
  end
  return key
end

--- Creates a key. Its secret is available only once: as `key.key`, as field `key` of the error if the
--- wait fails, and in the file if one is named.
---@usage qdrant.clusters:find("search-prod"):keys():create { name = "app-" .. crypto.uuid(), access = "read", expires = "90d" }
---@async
---@param options qdrant.keys.Options
---@return qdrant.Key
function Keys:create(options)
  options = resource.options(options, "keys:create", CREATION)
  local cluster = cluster_of(self, options)
  if not cluster then
    error("keys:create needs the cluster", 2)
  end
  local request = {
    cluster_id = cluster.id, account_id = cluster.account_id, name = options.name,
    access_rules = settings.rules(options, ACCESS),
    expires_at = settings.expiry(options.expires),
  }
  local key = make(self, cluster, request, options)
  return options.wait and working(key, cluster, options) or key
end

--- Whether the database takes a key: `/` is open to everybody, so it is asked for collections.
local function probe(cluster, key)
  local url = cluster:url()
  if not url then
    return nil, "no address yet"
  end
  local path = "/collections"
  for _, rule in ipairs(key.access_rules) do
    if rule.collection_access then
      path = "/collections/" .. require("http").escape(rule.collection_access.collection_name)
      break
    end
  end
  local ok, answer = pcall(require("http").get, url .. path, {
    headers = { ["api-key"] = key.key }, timeout = 10, retries = 0,
  })
  if not ok then
    return nil, tostring(answer.message or answer)
  end
  -- A collection that is not there yet is no reason to refuse a key.
  return answer.ok or answer.status == 404, "the database responds with status " .. answer.status
end

--- Waits until the database accepts it. Works only with the handle that `create` returned, which has
--- the secret.
---@usage local k = qdrant.clusters:find("search-prod"):keys():create { name = "app-" .. crypto.uuid() } k:wait()
---@async
---@param options? { timeout?: string|boolean|userdata, progress?: boolean, cluster?: qdrant.Cluster }
---@return qdrant.Key self
function Key:wait(options)
  options = resource.options(options, "key:wait", "timeout progress cluster")
  if host.is_dry_run() then
    return self
  elseif not resource.is_secret(self.key) then
    error("the secret of this key is unknown: it was shown once, when the key was created", 2)
  end
  local cluster = options.cluster or self.connection.clusters:get(self.cluster_id)
  wait {
    what = ("key %s to work"):format(self.name), kind = "key.create", connection = self.connection,
    timeout = options.timeout, patience = PATIENCE,
    progress = options.progress,
    look = function()
      local works, text = probe(cluster, self)
      if not works then
        cluster:refresh()
      end
      return { works = works, text = text, phase = cluster:phase() }
    end,
    judge = function(found)
      local is_stopped = found.phase == "SUSPENDED" or found.phase == "SUSPENDING"
      return { done = found.works, text = found.text,
        failed = not found.works and is_stopped and cluster.name .. " is " .. found.phase or nil }
    end,
  }
  return self
end

--- Deletes it.
---@usage local k = qdrant.clusters:find("search-prod"):keys():create { name = "app-" .. crypto.uuid() } k:delete()
---@async
function Key:delete()
  resource.delete(function()
    delete_key(self.connection, self.cluster_id, self.id)
  end)
end

--- Reloads it.
---@usage local k = qdrant.keys:list()[1] k:refresh()
---@async
---@return qdrant.Key self
function Key:refresh()
  local all = service(self).list_database_api_keys { cluster_id = self.cluster_id }.items
  return resource.found(self, all, self.name)
end

--- How long it still works; nil when it does not expire.
---@usage qdrant.keys:list()[1]:remaining()
---@return userdata?
function Key:remaining()
  return self.expires_at and self.expires_at - host.now()
end

---@class qdrant.keys.Rotation
---@field name? string default: the name of the old key
---@field expires? string|userdata|qdrant.Null as for `create`; default: the lifetime of the old key
---@field file? string file for the new secret, readable by its owner only
---@field keep? boolean does not delete the old key
---@field overlap? string|userdata how long both keys work: "1h"
---@field wait? boolean|string|userdata how long to wait until the new key works
---@field progress? boolean false hides the progress line

--- Replaces a key by a new one with the same rules: waits until the new key works, then for `overlap`,
--- then deletes the old key. If the new key does not work in time, both keys stay, and the error has
--- the secret as `key`.
---@usage local k = qdrant.clusters:find("search-prod"):keys():create { name = "app-" .. crypto.uuid() } k:rotate { keep = true }
---@async
---@param options? qdrant.keys.Rotation
---@return qdrant.Key
function Key:rotate(options)
  options = resource.options(options, "key:rotate",
    "name expires file keep overlap wait progress")
  local overlap = options.overlap and units.length(options.overlap, "overlap").total
  local cluster = self.connection.clusters:get(self.cluster_id)
  local request = {
    cluster_id = cluster.id, account_id = cluster.account_id,
    name = options.name or self.name, access_rules = self.access_rules,
    expires_at = settings.expiry(options.expires),
  }
  if not options.expires and self.expires_at then
    -- As long as the old one was to live.
    request.expires_at = host.now() + (self.expires_at - self.created_at)
  end
  local key = make(self, cluster, request, { file = options.file, duplicate = true })
  working(key, cluster, options)
  if not options.keep then
    if overlap then
      require("task").sleep(overlap)
    end
    self:delete()
  end
  return key
end

return resource.default "keys"
