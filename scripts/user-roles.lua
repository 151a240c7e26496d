#!/usr/bin/env qcsh
local args = script {
  about = "Gives roles to a user and takes others; --offboard takes all of them",
  args = {
    { "email" }, { "--add", many = true, value = "role" },
    { "--remove", many = true, value = "role" },
    { "--exactly", many = true, value = "role", about = "these and no others" },
    { "--offboard", type = "flag" }, { "--yes", type = "flag" },
  },
  needs = { "read:users", "read:roles", "write:roles" },
}

local user = qdrant.users:find(args.email)
local before = {}
for i, role in ipairs(user:roles()) do
  before[i] = role.name
end
if args.offboard then
  local member = qdrant.members:find(args.email)
  if member.is_owner then
    error(args.email .. " owns the account: somebody else has to before", 0)
  end
  cli.confirm(("Take %s from %s?"):format(table.concat(before, ", "), args.email), args.yes)
  user:set_roles {}
elseif #args.exactly > 0 then
  user:set_roles(args.exactly)
else
  user:assign(args.add, args.remove)
end
local after = {}
for i, role in ipairs(user:roles()) do
  after[i] = role.name
end
return { { email = user.email, before = table.concat(before, ", "),
  after = table.concat(after, ", ") } }
