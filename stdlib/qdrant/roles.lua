--- Roles: sets of permissions in the account.
local host = ...

local qdrant = require "qdrant"
local resource = require "qdrant.resource"

---@class qdrant.roles
local Roles = resource.module "roles"

---@class qdrant.Role: qdrant.cloud.iam.v1.Role
local Role = resource.handle("Role", {
  phase = function(message)
    return (tostring(message.role_type):gsub("^ROLE_TYPE_", ""))
  end,
})

local function service(self)
  return self.connection.api.iam
end

--- Lists the roles: system roles, custom roles, or both.
---@usage qdrant.roles:list { type = "custom" }
---@async
---@param filter? { type?: "system"|"custom" }
---@return qdrant.Role[]
function Roles:list(filter)
  filter = resource.options(filter, "roles:list", "type")
  local kind = filter.type
    and resource.enum("qdrant.cloud.iam.v1.RoleType", filter.type, "type")
  return resource.wrap_all(Role, service(self).list_roles({}).items, self.connection, kind
    and function(role)
      return role.role_type == kind
    end)
end

--- A role by name or id.
---@usage qdrant.roles:find("Admin")
---@async
---@param wanted string|qdrant.Role
---@return qdrant.Role
function Roles:find(wanted)
  local known = resource.known(Role, wanted, "role")
  if known then
    return known
  elseif resource.is_id(wanted) then
    return resource.wrap(Role, service(self).get_role { role_id = wanted }.role, self.connection)
  end
  return resource.pick(self:list(), wanted, "role")
end

--- The ids of roles that are given by handle, name or id.
---@usage qdrant.roles:ids({ "Admin" })
---@async
---@param wanted (string|qdrant.Role)[]
---@return string[]
function Roles:ids(wanted)
  local ids, all = host.list(), nil
  for i, role in ipairs(wanted) do
    ids[i] = resource.id_of(role, "role", function(name)
      all = all or self:list()
      return resource.pick(all, name, "role")
    end)
  end
  return ids
end

--- Lists all permissions, as { value, category }.
---@usage qdrant.roles:permissions()
---@async
---@return table[]
function Roles:permissions()
  return service(self).list_permissions({}).permissions
end

--- The permissions that this session has, sorted.
---@usage qdrant.roles:mine()
---@async
---@return string[]
function Roles:mine()
  local values = host.list()
  for i, permission in ipairs(service(self).list_effective_permissions({}).permissions) do
    values[i] = permission.value
  end
  table.sort(values)
  return values
end

--- Permissions as the API has them; each has to exist.
local function values_of(self, wanted, method)
  local known = {}
  for _, permission in ipairs(self.connection.roles:permissions()) do
    known[permission.value] = true
  end
  local seen, list = {}, {}
  for _, value in ipairs(resource.list(wanted, method, "a list of permissions")) do
    if not known[value] then
      local values = {}
      for name in pairs(known) do
        values[#values + 1] = name
      end
      table.sort(values)
      resource.fail("INVALID_ARGUMENT", ("unknown permission \"%s\"; available: %s"):format(
        tostring(value), table.concat(values, ", ")))
    elseif not seen[value] then
      seen[value] = true
      list[#list + 1] = { value = value }
    end
  end
  return list
end

--- Creates a role.
---@usage qdrant.roles:create { name = "Readers " .. crypto.uuid():sub(1, 8), permissions = { "read:clusters" } }
---@async
---@param options { name: string, description?: string, permissions: string[] }
---@return qdrant.Role
function Roles:create(options)
  options = resource.options(options, "roles:create", "name description permissions")
  resource.text(options.name, "roles:create", "a name")
  local permissions = values_of(self, options.permissions or {}, "roles:create")
  local made = resource.create(function()
    return service(self).create_role {
      role = { name = options.name, description = options.description, role_type = "CUSTOM",
        permissions = permissions },
    }.role
  end, function()
    return self:list()
  end, options.name, { noun = "role" })
  return resource.wrap(Role, made, self.connection)
end

--- Reloads it.
---@usage qdrant.roles:find("Admin"):refresh()
---@async
---@return qdrant.Role self
function Role:refresh()
  return resource.renew(self, service(self).get_role { role_id = self.id }.role)
end

--- The permissions that it has, sorted.
---@usage qdrant.roles:find("Admin"):values()
---@return string[]
function Role:values()
  local values = host.list()
  for i, permission in ipairs(self.permissions) do
    values[i] = permission.value
  end
  table.sort(values)
  return values
end

local function send(self, change)
  local mask = qdrant.mask(change)
  if #mask == 0 then
    return self
  end
  change.id, change.account_id = self.id, self.account_id
  return resource.renew(self, resource.change(function()
    return service(self).update_role { role = change, update_mask = mask }.role
  end))
end

--- Changes its name, description or permissions.
---@usage local r = qdrant.roles:create { name = "R " .. crypto.uuid():sub(1, 8), permissions = { "read:clusters" } } r:update { description = "what for" }
---@async
---@param options { name?: string, description?: string|qdrant.Null, permissions?: string[] }
---@return qdrant.Role self
function Role:update(options)
  options = resource.options(options, "role:update", "name description permissions")
  return send(self, {
    name = options.name, description = options.description,
    permissions = options.permissions and values_of(self, options.permissions, "role:update"),
  })
end

--- Adds and removes permissions; keeps its other permissions.
---@usage local r = qdrant.roles:create { name = "R " .. crypto.uuid():sub(1, 8), permissions = { "read:clusters" } } r:allow({ "read:backups" }, { "read:clusters" })
---@async
---@param add? string[]
---@param remove? string[]
---@return qdrant.Role self
function Role:allow(add, remove)
  add = resource.list(add, "role:allow", "a list of permissions")
  remove = resource.list(remove, "role:allow", "a list of permissions")
  local unwanted = {}
  for _, value in ipairs(remove) do
    unwanted[value] = true
  end
  for _ = 1, 5 do
    self:refresh()
    local has, wanted = {}, {}
    local is_changed = false
    for _, value in ipairs(self:values()) do
      has[value] = true
      if unwanted[value] then
        is_changed = true
      else
        wanted[#wanted + 1] = value
      end
    end
    for _, value in ipairs(add) do
      if not has[value] then
        is_changed = true
        wanted[#wanted + 1] = value
      end
    end
    if not is_changed then
      return self
    elseif #wanted == 0 then
      resource.fail("FAILED_PRECONDITION", ("role \"%s\" would have no permissions; delete it "
        .. "instead"):format(self.name))
    end
    self:update { permissions = wanted }
  end
  resource.fail("ABORTED", ("role \"%s\": too many concurrent changes; retry later")
    :format(self.name))
end

--- The users who have it.
---@usage qdrant.roles:find("Admin"):users()
---@async
---@return table[]
function Role:users()
  return service(self).list_role_users { role_id = self.id }.users
end

--- Deletes it.
---@usage local r = qdrant.roles:create { name = "R " .. crypto.uuid():sub(1, 8), permissions = { "read:clusters" } } r:delete()
---@async
function Role:delete()
  resource.delete(function()
    service(self).delete_role { role_id = self.id }
  end)
end

return resource.default "roles"
