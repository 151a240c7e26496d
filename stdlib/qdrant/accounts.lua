--- The accounts that you can access.
local qdrant = require "qdrant"
local resource = require "qdrant.resource"

---@class qdrant.accounts
local Accounts = resource.module "accounts"

---@class qdrant.Account: qdrant.cloud.account.v1.Account
local Account = resource.handle "Account"

local function service(self)
  return self.connection.api.account
end

--- Lists the accounts that the session's credential can access.
---@usage qdrant.accounts:list()
---@async
---@return qdrant.Account[]
function Accounts:list()
  return resource.wrap_all(Account, service(self).list_accounts({}).items, self.connection)
end

--- An account by name or id; the session's when none is named.
---@usage qdrant.accounts:find()
---@async
---@param wanted? string|qdrant.Account
---@return qdrant.Account
function Accounts:find(wanted)
  local known = resource.known(Account, wanted, "account")
  if known then
    return known
  elseif wanted == nil or resource.is_id(wanted) then
    return resource.wrap(Account, service(self).get_account { account_id = wanted }.account,
      self.connection)
  end
  return resource.pick(self:list(), wanted, "account")
end

--- The quotas of the account: the limits for clusters, nodes and keys.
---@usage qdrant.accounts:quotas()
---@async
---@return table
function Accounts:quotas()
  return self.connection.api.quota.get_account_quotas {}
end

--- Reloads it.
---@usage qdrant.accounts:find():refresh()
---@async
---@return qdrant.Account self
function Account:refresh()
  return resource.renew(self, service(self).get_account { account_id = self.id }.account)
end

--- Changes its name or its company.
---@usage local a = qdrant.accounts:find() a:update { name = a.name }
---@async
---@param options { name?: string, company?: table }
---@return qdrant.Account self
function Account:update(options)
  options = resource.options(options, "account:update", "name company")
  local change = { name = options.name, company = options.company }
  local mask = qdrant.mask(change)
  if #mask == 0 then
    return self
  end
  change.id = self.id
  return resource.renew(self, resource.change(function()
    return service(self).update_account { account = change, update_mask = mask }.account
  end))
end

--- A connection that is about this account.
---@usage qdrant.accounts:find():connect().clusters:list()
---@async
---@return table
function Account:connect()
  return qdrant.connect { like = self.connection, account = self.id }
end

return resource.default "accounts"
