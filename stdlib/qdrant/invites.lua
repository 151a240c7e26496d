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

--- Lists the invitations; default: the pending ones.
---@usage qdrant.invites:list()
---@async
---@param filter? { status?: "pending"|"accepted"|"rejected"|"canceled"|"all" }
---@return qdrant.Invite[]
function Invites:list(filter)
  filter = resource.options(filter, "invites:list", "status")
  local status = filter.status or "pending"
  return resource.wrap_all(Invite, service(self).list_account_invites {
    statuses = status ~= "all" and { status } or nil,
  }.items, self.connection)
end

--- An invitation by address or ID, in any state; the newest of an address.
---@usage pcall(function() return qdrant.invites:find("new@example.com") end)
---@async
---@param wanted string|qdrant.Invite
---@return qdrant.Invite
function Invites:find(wanted)
  local known = resource.known(Invite, wanted, "invitation")
  if known then
    return known
  end
  local all, newest = self:list { status = "all" }, nil
  for _, invite in ipairs(all) do
    if invite.user_email:lower() == tostring(wanted):lower()
      and (not newest or invite.created_at > newest.created_at) then
      newest = invite
    end
  end
  return newest or resource.pick(all, wanted, "invitation", "user_email")
end

--- Invites a person, with roles by name or id. Requires a user's token; management keys cannot invite.
---@usage pcall(function() qdrant.invites:create { email = "new@example.com", roles = { "Admin" } } end)
---@async
---@param options { email: string, roles?: (string|qdrant.Role)[] }
---@return qdrant.Invite
function Invites:create(options)
  options = resource.options(options, "invites:create", "email roles")
  resource.text(options.email, "invites:create", "an address")
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

--- Reloads it.
---@usage for _, invite in ipairs(qdrant.invites:list()) do invite:refresh() end
---@async
---@return qdrant.Invite self
function Invite:refresh()
  return resource.renew(self, service(self).get_account_invite {
    invite_id = self.id,
  }.account_invite)
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
