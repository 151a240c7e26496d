--- Who belongs to the account.
local host = ...

local resource = require "qdrant.resource"

---@class qdrant.members
local Members = resource.module "members"

local function service(self)
  return self.connection.api.account
end

--- The members, as { id, email, is_owner, status, member }.
---@usage qdrant.members:list()
---@async
---@return table[]
function Members:list()
  local list = host.list()
  for i, member in ipairs(service(self).list_account_members({}).items) do
    local user = member.account_member
    list[i] = {
      id = user.id, email = user.email, is_owner = member.is_owner,
      status = (user.status:gsub("^USER_STATUS_", "")), created_at = user.created_at,
      member = member,
    }
  end
  return list
end

--- A member by address (in any case) or id.
---@usage qdrant.members:find(qdrant.members:list()[1].email)
---@async
---@param wanted string
---@return table
function Members:find(wanted)
  return resource.pick(self:list(), wanted, "member", "email")
end

--- The member who owns the account.
---@usage qdrant.members:owner().email
---@async
---@return table?
function Members:owner()
  for _, member in ipairs(self:list()) do
    if member.is_owner then
      return member
    end
  end
end

--- Removes a member from the account; the person stays a user of Qdrant Cloud. Requires a user's token;
--- management keys cannot do this.
---@usage pcall(function() qdrant.members:remove("gone@example.com") end)
---@async
---@param wanted string
function Members:remove(wanted)
  local member = self:find(wanted)
  if member.is_owner then
    resource.fail("FAILED_PRECONDITION", member.email .. " owns the account and cannot be removed")
  end
  resource.delete(function()
    service(self).delete_account_member { user_id = member.id }
  end)
end

return resource.default "members"
