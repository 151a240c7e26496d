--- Who may do what, and by which keys.
local host = ...

local markup = require "qdrant.report.markup"
local time = require "time"

local access = {}

--- Who may do that is close to owning the account.
local POWERFUL = { "write:roles", "write:management_keys", "write:invites", "delete:users" }

local function permissions_of(roles)
  local seen, count, powerful, names = {}, 0, false, {}
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
  return count, powerful, table.concat(names, ", ")
end

local KINDS = {
  { "expired", "bad" }, { "in 30 days", "warn" }, { "in 90 days", "s1" },
  { "later", "s1" }, { "never", "warn" },
}

--- When a key ends: an index of KINDS.
local function ending(key, now)
  if not key.expires_at then
    return 5
  elseif key.expires_at < now then
    return 1
  end
  local days = (key.expires_at - now).total / 86400
  return days < 30 and 2 or days < 90 and 3 or 4
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

local function keys_of(connection, now)
  local names, counts, rows = {}, { 0, 0, 0, 0, 0 }, {}
  for _, cluster in ipairs(connection.clusters:list()) do
    names[cluster.id] = cluster.name
  end
  for i, key in ipairs(connection.keys:list()) do
    local kind = ending(key, now)
    counts[kind] = counts[kind] + 1
    local class = KINDS[kind][2]
    rows[i] = {
      cluster = names[key.cluster_id] or key.cluster_id, name = key.name, postfix = key.postfix,
      rights = rights(key), created = key.created_at, by = key.created_by_email,
      ends = { value = key.expires_at and key.expires_at.total or 1e300,
        text = key.expires_at and time.format(key.expires_at, "%Y-%m-%d") or "never",
        state = class ~= "s1" and class or nil },
    }
  end
  local columns = {}
  for i, kind in ipairs(KINDS) do
    columns[i] = { name = kind[1], value = counts[i], class = kind[2] }
  end
  return rows, columns, counts
end

local function users_of(connection, now)
  local owners, rows, bars = {}, {}, {}
  for _, member in ipairs(connection.members:list()) do
    owners[member.id] = member.is_owner
  end
  local powerful = 0
  for i, entry in ipairs(connection.users:with_roles()) do
    local user = entry.user
    local count, is_powerful, names = permissions_of(entry.roles)
    local is_owner = owners[user.id] == true
    powerful = powerful + ((is_powerful or is_owner) and 1 or 0)
    local status = user.status:gsub("^USER_STATUS_", "")
    rows[i] = {
      name = user.email, roles = names, permissions = count, since = user.created_at,
      kind = is_owner and "owner" or "user",
      power = is_owner and { text = "owns the account", state = "warn" }
        or is_powerful and { text = "may give rights", state = "warn" } or nil,
      status = { text = markup.short(status, ""), state = status == "ACTIVE" and "good" or "warn" },
    }
    bars[i] = { name = user.email, value = count, text = tostring(count),
      class = (is_powerful or is_owner) and "s2" or "s1" }
  end
  for _, invite in ipairs(connection.invites:list()) do
    rows[#rows + 1] = {
      name = invite.user_email, kind = "invitation", since = invite.created_at,
      status = { text = "invited " .. time.ago(invite.created_at, now), state = "warn" },
    }
  end
  table.sort(bars, function(a, b)
    return a.value > b.value or a.value == b.value and a.name < b.name
  end)
  return rows, bars, powerful
end

--- Adds the section.
---@usage require("qdrant.report.access").add(qdrant.report:page { title = "Access" }, qdrant)
---@async
---@param page qdrant.report.Page
---@param connection table
function access.add(page, connection)
  local now = host.now()
  local users, bars, powerful = users_of(connection, now)
  local keys, endings, counts = keys_of(connection, now)
  local management = {}
  for i, key in ipairs(connection.management_keys:list()) do
    local age = now - key.created_at
    management[i] = {
      prefix = key.prefix, created = key.created_at,
      age = { value = age.total, text = time.human(age),
        state = age > time.duration("90d") and "warn" or nil },
    }
  end
  page:section("Access", "Users with their roles, invitations, and keys. No secret is in here.")
  page:figures {
    { "users", #bars }, { "of them may give rights", powerful },
    { "invitations", #users - #bars },
    { "management keys", #management, #management > 0 and "warn" or nil },
    { "database keys", #keys }, { "never end", counts[5], counts[5] > 0 and "warn" or nil },
  }
  page:beside(function()
    page:bars("Permissions by user; orange may give rights", bars)
    page:columns("Database keys by when they end", endings)
  end)
  page:table("Users and invitations", {
    { "name", "Who" }, { "kind", "Kind" }, { "status", "Status" },
    { "roles", "Roles", wrap = true }, { "permissions", "Permissions", number = true },
    { "power", "Power" }, { "since", "Since" },
  }, users)
  page:table("Management keys: each may do everything", {
    { "prefix", "Begins with", code = true }, { "created", "Created" }, { "age", "Age" },
  }, management)
  page:table("Database keys", {
    { "cluster", "Cluster" }, { "name", "Key" }, { "postfix", "Ends in", code = true },
    { "rights", "Rights", wrap = true }, { "ends", "Until" }, { "created", "Created" },
    { "by", "By" },
  }, keys)
end

return access
