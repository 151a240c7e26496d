#!/usr/bin/env qcsh
script {
  about = "Lists who has access: users with their roles, invitations, management keys",
  needs = { "read:users", "read:roles", "read:invites", "read:management_keys" },
}

local rows = json.list {}
local owner = {}
for _, member in ipairs(qdrant.members:list()) do
  owner[member.id] = member.is_owner
end
for _, entry in ipairs(qdrant.users:with_roles()) do
  local names, permissions, count = {}, {}, 0
  for i, role in ipairs(entry.roles) do
    names[i] = role.name
    for _, permission in ipairs(role.permissions) do
      if not permissions[permission.value] then
        permissions[permission.value] = true
        count = count + 1
      end
    end
  end
  table.sort(names)
  rows[#rows + 1] = {
    kind = owner[entry.user.id] and "owner" or "user", name = entry.user.email,
    roles = table.concat(names, ", "), permissions = count,
    state = (entry.user.status:gsub("^USER_STATUS_", "")), since = entry.user.created_at,
  }
end
for _, invite in ipairs(qdrant.invites:list()) do
  rows[#rows + 1] = { kind = "invitation", name = invite.user_email, state = "PENDING",
    since = invite.created_at }
end
for _, key in ipairs(qdrant.management_keys:list()) do
  rows[#rows + 1] = { kind = "management key", name = key.prefix, roles = "everything",
    since = key.created_at }
end
return rows
