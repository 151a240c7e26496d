--- The users of the account and their roles.
local host = ...

local resource = require "qdrant.resource"

---@class qdrant.users
local Users = resource.module "users"

---@class qdrant.User: qdrant.cloud.iam.v1.User
local User = resource.handle("User", {
  label = "email",
  phase = function(message)
    return (tostring(message.status):gsub("^USER_STATUS_", ""))
  end,
})

local function service(self)
  return self.connection.api.iam
end

--- The users.
---@usage qdrant.users:list()
---@async
---@return qdrant.User[]
function Users:list()
  return resource.wrap_all(User, service(self).list_users({}).items, self.connection)
end

--- A user by address (in any case) or id.
---@usage qdrant.users:find(qdrant.users:list()[1].email)
---@async
---@param wanted string|qdrant.User
---@return qdrant.User
function Users:find(wanted)
  return resource.known(User, wanted, "user")
    or resource.pick(self:list(), wanted, "user", "email")
end

--- The users with their roles, in one call: { user, roles }.
---@usage qdrant.users:with_roles()
---@async
---@return table[]
function Users:with_roles()
  return self.connection.api.ui.list_users_with_roles({}).items
end

--- Reloads the user.
---@usage qdrant.users:list()[1]:refresh()
---@async
---@return qdrant.User self
function User:refresh()
  return resource.found(self, self.connection.users:list(), self.email)
end

--- The user's roles.
---@usage qdrant.users:list()[1]:roles()
---@async
---@return table[]
function User:roles()
  return service(self).list_user_roles { user_id = self.id }.roles
end

--- The permissions that follow from the user's roles, sorted.
---@usage qdrant.users:list()[1]:permissions()
---@async
---@return string[]
function User:permissions()
  local seen, values = {}, host.list()
  for _, role in ipairs(self:roles()) do
    for _, permission in ipairs(role.permissions) do
      if not seen[permission.value] then
        seen[permission.value] = true
        values[#values + 1] = permission.value
      end
    end
  end
  table.sort(values)
  return values
end

--- Which of some roles are to be given and which to be taken, as the user holds them now.
local function differences(self, add, remove)
  local holds = {}
  for _, role in ipairs(self:roles()) do
    holds[role.id] = true
  end
  local given, taken = {}, {}
  for _, id in ipairs(self.connection.roles:ids(add)) do
    if not holds[id] then
      given[#given + 1] = id
    end
  end
  for _, id in ipairs(self.connection.roles:ids(remove)) do
    if holds[id] then
      taken[#taken + 1] = id
    end
  end
  return given, taken
end

--- Adds and removes roles, by name or id, in one call; keeps the user's other roles.
---@usage local u = qdrant.users:list()[1] u:assign({}, {})
---@async
---@param add? (string|qdrant.Role)[]
---@param remove? (string|qdrant.Role)[]
---@return table[] roles that the user has now
function User:assign(add, remove)
  add = resource.list(add, "user:assign", "a list of roles")
  remove = resource.list(remove, "user:assign", "a list of roles")
  local given, taken = differences(self, add, remove)
  if #given + #taken > 0 then
    resource.change(function()
      service(self).assign_user_roles {
        user_id = self.id, role_ids_to_add = given, role_ids_to_delete = taken,
      }
      return true
    end)
  end
  return self:roles()
end

--- Sets the user's roles: adds the given ones and removes all others.
---@usage local u = qdrant.users:list()[1] local names = {} for i, r in ipairs(u:roles()) do names[i] = r.name end u:set_roles(names)
---@async
---@param wanted (string|qdrant.Role)[]
---@return table[] roles that the user has now
function User:set_roles(wanted)
  resource.list(wanted, "user:set_roles", "a list of roles")
  local keep = {}
  for _, id in ipairs(self.connection.roles:ids(wanted)) do
    keep[id] = true
  end
  local remove = {}
  for _, role in ipairs(self:roles()) do
    -- Everybody in the account has the base role, whoever is asked.
    if not keep[role.id] and role.sub_type ~= "SYSTEM_ROLE_SUB_TYPE_BASE" then
      remove[#remove + 1] = role.id
    end
  end
  return self:assign(wanted, remove)
end

--- Deletes the user from Qdrant Cloud, in all accounts. `members:remove` removes a member from this
--- account only. Requires the user's address as a confirmation.
---@usage pcall(function() qdrant.users:list()[1]:delete_everywhere("not the address") end)
---@async
---@param email string
function User:delete_everywhere(email)
  if email ~= self.email then
    resource.fail("FAILED_PRECONDITION", ("this deletes %s from all accounts; call "
      .. "delete_everywhere(\"%s\") to confirm"):format(self.email, self.email))
  end
  resource.delete(function()
    service(self).delete_user { user_id = self.id }
  end)
end

return resource.default "users"
