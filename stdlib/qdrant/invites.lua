--- Invitations into the account.
local resource = require "qdrant.resource"

---@class qdrant.invites
local Invites = resource.module "invites"

---@class qdrant.Invite: qdrant.cloud.account.v1.AccountInvite
local Invite = resource.handle("Invite", {
  label = "user_email",
  phase = function(message)
    return (tostring(message.status):gsub("^ACCOUNT_INVITE_STATUS_", ""))
  end,
})

local function service(self)
  return self.connection.api.account
end

--- The invitations, those that are pending when nothing is said.
---@usage qdrant.invites:list()
---@async
---@param filter? { status?: string } "pending", "accepted", "rejected", "canceled" or "all"
---@return qdrant.Invite[]
function Invites:list(filter)
  local status = filter and filter.status or "pending"
  return resource.wrap_all(Invite, service(self).list_account_invites {
    statuses = status ~= "all" and { status } or nil,
  }.items, self.connection)
end

--- Invites somebody, with roles by name or id. Only people may do so, no management key.
---@usage pcall(function() qdrant.invites:create { email = "new@example.com", roles = { "Admin" } } end)
---@async
---@param options { email: string, roles?: (string|qdrant.Role)[] }
---@return qdrant.Invite
function Invites:create(options)
  local roles = self.connection.roles:ids(options.roles or {})
  local made = resource.create(function()
    return service(self).create_account_invite {
      account_invite = { user_email = options.email, user_role_ids = roles },
    }.account_invite
  end, function()
    return self:list()
  end, options.email, { noun = "invitation", field = "user_email" })
  return resource.wrap(Invite, made, self.connection)
end

--- Takes it back.
---@usage for _, invite in ipairs(qdrant.invites:list()) do invite:delete() end
---@async
function Invite:delete()
  resource.delete(function()
    service(self).delete_account_invite { invite_id = self.id }
  end)
end

return resource.default "invites"
