--- Roles of a stack, and who holds which.
local host = ...

local actions = require "qdrant.stack.action"
local diff = require "qdrant.stack.diff"
local resource = require "qdrant.resource"

local kinds = {}

local function permissions(values)
  local list, seen = {}, {}
  for _, value in ipairs(values or {}) do
    if not seen[value] then
      seen[value] = true
      list[#list + 1] = { value = value }
    end
  end
  return list
end

local UNTOUCHABLE = "it is a system role, which cannot be changed"

local function is_of_the_system(role)
  return role.role_type ~= "ROLE_TYPE_CUSTOM"
end

--- Plans that a role goes.
function kinds.remove(context, role)
  local declared = context.stack.roles
  local spec = declared and declared[role.name] or {}
  context:add(actions.new {
    kind = "role", name = role.name, verb = "delete", spec = spec, present = role,
    -- Roles have no labels: nobody knows who else counts on one.
    warnings = { "other stacks may also declare it" },
    problem = is_of_the_system(role) and UNTOUCHABLE
      or spec.prevent_destroy and "it is protected (prevent_destroy)" or nil,
    apply = function() role:delete() end,
  })
end

--- Checks that permissions exist: a misspelt one is an error before anything is changed.
local function check_permissions(context, wanted)
  resource.list(wanted, "role", "a list of permissions")
  if not context.permissions then
    context.permissions = {}
    for _, permission in ipairs(context.connection.roles:permissions()) do
      context.permissions[permission.value] = true
    end
  end
  for _, value in ipairs(wanted) do
    if not context.permissions[value] then
      local near = host.nearest_name(value, context.permissions)
      error(("unknown permission \"%s\"%s"):format(tostring(value),
        near and "; did you mean \"" .. near .. "\"?" or ""), 0)
    end
  end
end

local function plan_role(context, name, spec, present)
  context:named("role " .. name, function()
    check_permissions(context, spec.permissions or {})
  end)
  local action = actions.new {
    kind = "role", name = name, spec = spec, present = present,
  }
  if not present then
    action.verb, action.text = "create", table.concat(spec.permissions or {}, ", ")
    action.apply = function()
      context.connection.roles:create {
        name = name, description = spec.description, permissions = spec.permissions,
      }
    end
    action.problem = context:problem_of("qdrant.cloud.iam.v1.CreateRoleRequest", { role = {
      name = name, description = spec.description, permissions = permissions(spec.permissions),
      role_type = "CUSTOM",
    } })
  elseif is_of_the_system(present) then
    action.verb, action.problem = "update", UNTOUCHABLE
  else
    action.changes = diff.between("qdrant.cloud.iam.v1.Role", {
      description = spec.description, permissions = permissions(spec.permissions),
    }, present)
    if #action.changes > 0 then
      action.verb = "update"
      action.apply = function()
        present:update { description = spec.description, permissions = spec.permissions }
      end
    end
  end
  context:add(action)
end

--- The roles to give to a user and to take, by names.
local function assignment(context, user, spec)
  local holds = {}
  for _, role in ipairs(user:roles()) do
    holds[role.name] = role
  end
  local give, take, wanted = {}, {}, {}
  for _, name in ipairs(spec.roles or {}) do
    wanted[name] = true
    if not holds[name] then
      give[#give + 1] = name
    end
    local declared = context.stack.roles
    if not context:find("roles", name) and not (declared and declared[name]) then
      local known = {}
      for _, role in ipairs(context:list("roles")) do
        known[role.name] = true
      end
      local near = host.nearest_name(name, known)
      error(("user %s: no role named \"%s\"%s"):format(user.email, name,
        near and "; did you mean \"" .. near .. "\"?" or ""), 0)
    end
  end
  for _, name in ipairs(host.sorted_keys(holds)) do
    local is_base = holds[name].sub_type == "SYSTEM_ROLE_SUB_TYPE_BASE"
    local is_owner = holds[name].sub_type == "SYSTEM_ROLE_SUB_TYPE_OWNER"
    if spec.exact and not wanted[name] and not is_base and not is_owner then
      take[#take + 1] = name
    end
  end
  return give, take
end

local function plan_users(context)
  local declared = context.stack.users or {}
  for _, email in ipairs(host.sorted_keys(declared)) do
    local spec = declared[email]
    local user = resource.pick(context:list("users"), email, "user", "email")
    local give, take = assignment(context, user, spec)
    local after = {}
    for i, name in ipairs(give) do
      after[i] = "role:" .. name
    end
    local action = actions.new {
      kind = "user", name = email, after = after, spec = spec, present = user,
    }
    if #give + #take > 0 then
      action.verb = "update"
      action.changes[1] = {
        path = "roles", from = #take > 0 and take or nil, to = #give > 0 and give or nil,
        is_set = true,
      }
      action.apply = function() user:assign(give, take) end
    end
    context:add(action)
  end
end

--- Plans the roles, then who holds them. Roles that are not named stay with a user unless `exact` is
--- set.
function kinds.plan(context)
  context:plan_each("roles", plan_role, kinds.remove)
  plan_users(context)
end

return kinds
