--- Access: users with their roles, invitations, and keys.
local host = ...

local markup = require "qdrant.report.markup"
local time = require "time"

local access = {}

--- Permissions that are close to owning the account.
local POWERFUL = { "write:roles", "write:management_keys", "write:invites", "delete:users" }

local function permissions_of(roles)
  local seen, count, powerful, names = {}, 0, false, host.list()
  for i, role in ipairs(roles) do
    names[i] = role.name
    for _, permission in ipairs(role.permissions) do
      if not seen[permission.value] then
        seen[permission.value], count = true, count + 1
      end
    end
  end
  for _, value in ipairs(POWERFUL) do
    powerful = powerful or seen[value] == true
  end
  table.sort(names)
  return count, powerful, names
end

local function rights(key)
  local rules = {}
  for i, rule in ipairs(key.access_rules or {}) do
    local global, one = rule.global_access, rule.collection_access
    local kind = (global or one or {}).access_type or ""
    kind = markup.short(kind:gsub("^.*ACCESS_TYPE_", ""), "")
    rules[i] = global and kind or one and one.collection_name .. ": " .. kind or "?"
  end
  return #rules > 0 and table.concat(rules, ", ") or "manage"
end

local function user_facts(entry, is_owner)
  local user = entry.user
  local count, is_powerful, names = permissions_of(entry.roles)
  return {
    email = user.email, status = (user.status:gsub("^USER_STATUS_", "")), roles = names,
    permissions = count, is_owner = is_owner, may_grant_access = is_powerful or is_owner,
    created_at = user.created_at,
  }
end

--- Gathers the facts. They contain no secrets.
---@usage #require("qdrant.report.access").facts(qdrant).users
---@async
---@param connection table
---@return table
function access.facts(connection)
  local facts = {
    at = host.now(), users = host.list(), invitations = host.list(),
    management_keys = host.list(), database_keys = host.list(),
  }
  local owners, names = {}, {}
  for _, member in ipairs(connection.members:list()) do
    owners[member.id] = member.is_owner
  end
  for i, entry in ipairs(connection.users:with_roles()) do
    facts.users[i] = user_facts(entry, owners[entry.user.id] == true)
  end
  for i, invite in ipairs(connection.invites:list()) do
    facts.invitations[i] = { email = invite.user_email, created_at = invite.created_at }
  end
  for i, key in ipairs(connection.management_keys:list()) do
    facts.management_keys[i] = {
      prefix = key.prefix, created_at = key.created_at, age = facts.at - key.created_at,
    }
  end
  for _, cluster in ipairs(connection.clusters:list()) do
    names[cluster.id] = cluster.name
  end
  for i, key in ipairs(connection.keys:list()) do
    facts.database_keys[i] = {
      cluster = names[key.cluster_id] or key.cluster_id, cluster_id = key.cluster_id, id = key.id,
      name = key.name, postfix = key.postfix, access = rights(key), created_at = key.created_at,
      created_by = key.created_by_email, expires_at = key.expires_at,
    }
  end
  return facts
end

local KINDS = {
  { "expired", "bad" }, { "in 30 days", "warn" }, { "in 90 days", "s1" },
  { "later", "s1" }, { "never", "warn" },
}

--- The time until a key expires: an index of KINDS.
local function ending(key, now)
  if not key.expires_at then
    return 5
  elseif key.expires_at < now then
    return 1
  end
  local days = (key.expires_at - now).total / 86400
  return days < 30 and 2 or days < 90 and 3 or 4
end

local function user_row(user)
  return {
    name = user.email, roles = table.concat(user.roles, ", "), permissions = user.permissions,
    since = user.created_at, kind = user.is_owner and "owner" or "user",
    power = user.is_owner and { text = "owns the account", state = "warn" }
      or user.may_grant_access and { text = "can grant access", state = "warn" } or nil,
    status = { text = markup.short(user.status, ""),
      state = user.status == "ACTIVE" and "good" or "warn" },
  }
end

local function add_people(page, facts)
  local rows = {}
  for i, user in ipairs(facts.users) do
    rows[i] = user_row(user)
  end
  for _, invite in ipairs(facts.invitations) do
    rows[#rows + 1] = {
      name = invite.email, kind = "invitation", since = invite.created_at,
      status = { text = "invited " .. time.ago(invite.created_at, facts.at), state = "warn" },
    }
  end
  page:table("Users and invitations", {
    { "name", "User" }, { "kind", "Kind" }, { "status", "Status" },
    { "roles", "Roles", wrap = true }, { "permissions", "Permissions", number = true },
    { "power", "Power" }, { "since", "Since" },
  }, rows)
end

local function add_management_keys(page, facts)
  page:table("Management keys: each has all permissions", {
    { "prefix", "Prefix", code = true }, { "created", "Created" }, { "age", "Age" },
  }, facts.management_keys, function(key)
    return {
      prefix = key.prefix, created = key.created_at,
      age = { value = key.age.total, text = time.human(key.age),
        state = key.age > time.duration("90d") and "warn" or nil },
    }
  end)
end

local function add_database_keys(page, facts)
  page:table("Database keys", {
    { "cluster", "Cluster" }, { "name", "Key" }, { "postfix", "Postfix", code = true },
    { "access", "Access", wrap = true }, { "ends", "Expires" }, { "created", "Created" },
    { "by", "Created by" },
  }, facts.database_keys, function(key)
    local class = KINDS[ending(key, facts.at)][2]
    return {
      cluster = key.cluster, name = key.name, postfix = key.postfix, access = key.access,
      created = key.created_at, by = key.created_by,
      ends = { value = key.expires_at and key.expires_at.total or 1e300,
        text = key.expires_at and time.format(key.expires_at, "%Y-%m-%d") or "never",
        state = class ~= "s1" and class or nil },
    }
  end)
end

--- Bars of the users by their permissions, the most first.
local function permission_bars(users)
  local bars, powerful = {}, 0
  for i, user in ipairs(users) do
    powerful = powerful + (user.may_grant_access and 1 or 0)
    bars[i] = { name = user.email, value = user.permissions, text = tostring(user.permissions),
      class = user.may_grant_access and "s2" or "s1" }
  end
  table.sort(bars, function(a, b)
    return a.value > b.value or a.value == b.value and a.name < b.name
  end)
  return bars, powerful
end

--- Draws the facts as a section.
---@usage local access = require "qdrant.report.access" access.draw(qdrant.report:page { title = "Access" }, access.facts(qdrant))
---@param page qdrant.report.Page
---@param facts table what `facts` returned
function access.draw(page, facts)
  local counts, endings = { 0, 0, 0, 0, 0 }, {}
  for _, key in ipairs(facts.database_keys) do
    local kind = ending(key, facts.at)
    counts[kind] = counts[kind] + 1
  end
  for i, kind in ipairs(KINDS) do
    endings[i] = { name = kind[1], value = counts[i], class = kind[2] }
  end
  local bars, powerful = permission_bars(facts.users)
  local keys = #facts.management_keys
  page:section("Access", "Users with their roles, invitations, and keys. Contains no secrets.")
  page:figures {
    { "users", #facts.users }, { "of them can grant access", powerful },
    { "invitations", #facts.invitations },
    { "management keys", keys, keys > 0 and "warn" or nil },
    { "database keys", #facts.database_keys },
    { "never expire", counts[5], counts[5] > 0 and "warn" or nil },
  }
  page:beside(function()
    page:bars("Permissions by user; orange can grant access", bars)
    page:columns("Database keys by expiry", endings)
  end)
  add_people(page, facts)
  add_management_keys(page, facts)
  add_database_keys(page, facts)
end

return access
