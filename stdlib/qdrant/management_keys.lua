--- Management keys, with which programs call the API.
local host = ...

local log = require "log"
local qdrant = require "qdrant"
local resource = require "qdrant.resource"

---@class qdrant.management_keys
local ManagementKeys = resource.module "management_keys"

---@class qdrant.ManagementKey: qdrant.cloud.auth.v1.ManagementKey
local ManagementKey = resource.handle("ManagementKey", {
  noun = "management key", label = "prefix",
})

local function service(self)
  return self.connection.api.auth
end

--- Lists the keys of the account. They have no names; their prefixes distinguish them.
---@usage qdrant.management_keys:list()
---@async
---@return qdrant.ManagementKey[]
function ManagementKeys:list()
  return resource.wrap_all(ManagementKey, service(self).list_management_keys({}).items,
    self.connection)
end

--- A key by prefix or id.
---@usage qdrant.management_keys:find(qdrant.management_keys:list()[1].prefix)
---@async
---@param wanted string|qdrant.ManagementKey
---@return qdrant.ManagementKey
function ManagementKeys:find(wanted)
  return resource.known(ManagementKey, wanted, "management key")
    or resource.pick(self:list(), wanted, "management key", "prefix")
end

--- Creates a key. Its secret is available only once: as `key.key`, and in the file if one is named.
---@usage qdrant.management_keys:create()
---@async
---@param options? { file?: string } file: for the secret, readable by its owner only
---@return qdrant.ManagementKey
function ManagementKeys:create(options)
  options = resource.options(options, "management_keys:create", "file")
  local before = {}
  for _, key in ipairs(self:list()) do
    before[key.id] = true
  end
  local function create()
    return service(self).create_management_key({ management_key = {} }).management_key
  end
  local made = resource.keep_secret(options.file, function()
    return resource.change(create, function()
      -- Nothing tells whose a key is: one that somebody else has made meanwhile must not go.
      for _, key in ipairs(self:list()) do
        if not before[key.id] then
          before[key.id] = true
          log.warn("a management key may have been created whose secret was lost; delete it unless "
            .. "somebody else created it", { prefix = key.prefix, id = key.id })
        end
      end
    end)
  end, function(key)
    service(self).delete_management_key { management_key_id = key.id }
  end)
  return resource.wrap(ManagementKey, made, self.connection)
end

--- A connection to the same endpoint that uses the key. Works only with the handle that `create`
--- returned, which has the secret.
---@usage qdrant.management_keys:create():connect().accounts:list()
---@async
---@return table
function ManagementKey:connect()
  if not resource.is_secret(self.key) then
    error("the secret of this key is unknown: it was shown once, when the key was created", 2)
  end
  local session = self.connection.session
  return qdrant.connect {
    api_key = self.key, account = self.account_id, endpoint = session.endpoint,
    rest_endpoint = session.rest_endpoint,
  }
end

--- Replaces a key by a new one. The old key is deleted once the new one is verified; `hand_over` is
--- called in between, to deliver the new key.
---@usage qdrant.management_keys:create():rotate { hand_over = function(new) return new.prefix end }
---@async
---@param options? { file?: string, hand_over?: fun(new: qdrant.ManagementKey) }
---@return qdrant.ManagementKey
function ManagementKey:rotate(options)
  options = resource.options(options, "management_key:rotate", "file hand_over")
  local function check(new)
    local accounts = new:connect().accounts:list()
    if #accounts == 0 then
      resource.fail("FAILED_PRECONDITION", "the new key has no access to any account")
    end
    if options.hand_over then
      options.hand_over(new)
    end
  end
  -- The file keeps the old secret until the new one works.
  local new = resource.keep_secret(options.file, function()
    local made = self.connection.management_keys:create()
    if not host.is_dry_run() then
      local ok, problem = pcall(check, made)
      if not ok then
        -- The old one stays; the new one is not left behind.
        made:delete()
        error(problem, 0)
      end
    end
    return made
  end, function(made)
    made:delete { force = true }
  end)
  self:delete { force = true }
  return new
end

--- Reloads it.
---@usage qdrant.management_keys:list()[1]:refresh()
---@async
---@return qdrant.ManagementKey self
function ManagementKey:refresh()
  return resource.found(self, self.connection.management_keys:list(), self.prefix)
end

--- Deletes it; programs that use it lose access. The key of this session is deleted only if `force`
--- is true.
---@usage qdrant.management_keys:create():delete()
---@async
---@param options? { force?: boolean }
function ManagementKey:delete(options)
  options = resource.options(options, "management_key:delete", "force")
  if not options.force and host.uses_key(self.connection, self.prefix) then
    local option = host.spelling("force", "force = true")
    resource.fail("FAILED_PRECONDITION", ("the management key %s is the one of this session%s")
      :format(self.prefix, option and ("; %s deletes it anyway"):format(option) or ""))
  end
  resource.delete(function()
    service(self).delete_management_key { management_key_id = self.id }
  end)
end

return resource.default "management_keys"
