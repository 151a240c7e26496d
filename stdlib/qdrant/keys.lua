--- Database keys: made with rules and an expiry, written to where they are needed, waited for until
--- the database takes them, rotated.
local host = ...

local resource = require "qdrant.resource"
local settings = require "qdrant.resource.settings"
local time = require "time"
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

--- The database keys, of one cluster when one is meant. Their secrets are not among what they have.
---@usage qdrant.keys:list { cluster = "search-prod" }
---@async
---@param filter? { cluster?: string|qdrant.Cluster, expires_before?: any } expires_before: a time, or a length from now
---@return qdrant.Key[]
function Keys:list(filter)
  local cluster = cluster_of(self, filter)
  local before = filter and filter.expires_before
  if type(before) == "string" then
    before = host.now() + time.duration(before)
  end
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
  if type(wanted) == "table" then
    return wanted
  end
  return resource.pick(self:list(), wanted, "database key")
end

--- What a key may do in the whole database.
local ACCESS = { manage = "MANAGE", read = "READ_ONLY", read_only = "READ_ONLY" }

local creation = { name = true, access = true, collections = true, expires = true, wait = true,
  file = true, cluster = true, duplicate = true, progress = true }

---@class qdrant.keys.Options
---@field name string
---@field cluster? string|qdrant.Cluster which one; not for `cluster:keys()`
---@field access? "manage"|"read" manage when nothing is said
---@field collections? table<string, string> "read" or "write" by collection, instead of access
---@field expires? any a time, a date, or a length: "90d"; never when not given
---@field file? string where the secret is written to, for its owner only
---@field wait? boolean|string waits until the database takes it
---@field duplicate? boolean whether the name may be taken

--- Makes a key. Its secret is shown once: it is `key.key`, also of the error when a wait fails, and
--- in the file when one is named.
---@usage qdrant.clusters:find("search-prod"):keys():create { name = "app-" .. crypto.uuid(), access = "read", expires = "90d" }
---@async
---@param options qdrant.keys.Options
---@return qdrant.Key
function Keys:create(options)
  resource.check_options(options, "keys:create", 2, creation)
  local cluster = cluster_of(self, options)
  if not cluster then
    error("keys:create needs the cluster", 2)
  end
  local request = {
    cluster_id = cluster.id, account_id = cluster.account_id, name = options.name,
    access_rules = settings.rules(options, ACCESS),
    expires_at = settings.expiry(options.expires),
  }
  local made = resource.create_key(function()
    return service(self).create_database_api_key { database_api_key = request }.database_api_key
  end, function()
    return service(self).list_database_api_keys { cluster_id = cluster.id }.items
  end, function(key)
    service(self).delete_database_api_key { cluster_id = cluster.id, database_api_key_id = key.id }
  end, options.name, { noun = "database key", duplicate = options.duplicate })
  local key = resource.wrap(Key, made, self.connection)
  if options.file then
    made.key:write(options.file)
  end
  if options.wait then
    local ok, problem = pcall(key.wait, key, {
      timeout = options.wait, progress = options.progress, cluster = cluster,
    })
    if not ok then
      if type(problem) == "table" then
        rawset(problem, "key", made.key)
      end
      error(problem, 0)
    end
  end
  return key
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
  return answer.ok or answer.status == 404, "the database answers " .. answer.status
end

--- Waits until the database takes it. Only the handle that has made it has its secret.
---@usage local k = qdrant.clusters:find("search-prod"):keys():create { name = "app-" .. crypto.uuid() } k:wait()
---@async
---@param options? { timeout?: string|boolean, progress?: boolean, cluster?: qdrant.Cluster }
---@return qdrant.Key self
function Key:wait(options)
  options = options or {}
  if not resource.is_secret(self.key) then
    error("the secret of this key is not known: it was shown once, when the key was made", 2)
  end
  local cluster = options.cluster or self.connection.clusters:get(self.cluster_id)
  wait {
    what = ("key %s to work"):format(self.name), kind = "key.create", connection = self.connection,
    timeout = options.timeout, patience = PATIENCE,
    progress = options.progress,
    look = function()
      if not cluster:url() then
        cluster:refresh()
      end
      local works, text = probe(cluster, self)
      return { works = works, text = text }
    end,
    judge = function(found)
      return { done = found.works, text = found.text }
    end,
  }
  return self
end

--- Deletes it.
---@usage local k = qdrant.clusters:find("search-prod"):keys():create { name = "app-" .. crypto.uuid() } k:delete()
---@async
function Key:delete()
  resource.delete(function()
    service(self).delete_database_api_key {
      cluster_id = self.cluster_id, database_api_key_id = self.id,
    }
  end)
end

--- How long it still works; nil when it does not expire.
---@usage qdrant.keys:list()[1]:remaining()
---@return userdata?
function Key:remaining()
  return self.expires_at and self.expires_at - host.now()
end

--- Makes a key in the place of another one, with its rules: the new one works before the old one is
--- deleted, after `overlap`.
---@usage local k = qdrant.clusters:find("search-prod"):keys():create { name = "app-" .. crypto.uuid() } k:rotate { keep = true }
---@async
---@param options? { name?: string, expires?: any, file?: string, keep?: boolean, overlap?: string, progress?: boolean } keep: leaves the old one
---@return qdrant.Key
function Key:rotate(options)
  options = options or {}
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
  local made = resource.create(function()
    return service(self).create_database_api_key { database_api_key = request }.database_api_key
  end, function()
    return service(self).list_database_api_keys { cluster_id = cluster.id }.items
  end, request.name, { noun = "database key", duplicate = true })
  local key = resource.wrap(Key, made, self.connection)
  if options.file and resource.is_secret(made.key) then
    made.key:write(options.file)
  end
  key:wait { cluster = cluster, progress = options.progress }
  if not options.keep then
    if options.overlap then
      require("task").sleep(time.duration(options.overlap).total)
    end
    self:delete()
  end
  return key
end

return resource.default "keys"
