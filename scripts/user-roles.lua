#!/usr/bin/env qcsh
local args = script {
  about = "Adds and removes roles of a user; --offboard removes all that can be removed",
  args = {
    { "email" }, { "--add", many = true, value = "role" },
    { "--remove", many = true, value = "role" },
    { "--exactly", many = true, value = "role", about = "sets exactly these roles" },
    { "--offboard", type = "flag" }, { "--yes", type = "flag" },
  },
  needs = { "read:users", "read:roles", "write:roles" },
}

local ways = (#args.add + #args.remove > 0 and 1 or 0) + (#args.exactly > 0 and 1 or 0)
  + (args.offboard and 1 or 0)
if ways ~= 1 then
  cli.usage("use --add and --remove, or --exactly, or --offboard")
end
local user = qdrant.users:find(args.email)
local before, held = {}, {}
for i, role in ipairs(user:roles()) do
  before[i] = role.name
  -- Everybody in the account has the base role; nobody can take it.
  if not (role.sub_type or ""):find("BASE$") then
    held[#held + 1] = role.name
  end
end
if args.offboard then
  if qdrant.members:find(args.email).is_owner then
    error(args.email .. " owns the account: transfer the account first", 0)
  elseif #held > 0 then
    cli.confirm(("Remove %s from %s?"):format(table.concat(held, ", "), args.email), args.yes)
    user:set_roles {}
  end
elseif #args.exactly > 0 then
  cli.confirm(("Set the roles of %s to %s, instead of %s?"):format(args.email,
    table.concat(args.exactly, ", "), #held > 0 and table.concat(held, ", ") or "none"), args.yes)
  user:set_roles(args.exactly)
else
  user:assign(args.add, args.remove)
end
if qdrant.is_dry_run() then
  return { { email = user.email, before = table.concat(before, ", "), outcome = "would change" } }
end
local after = {}
for i, role in ipairs(user:roles()) do
  after[i] = role.name
end
return { { email = user.email, before = table.concat(before, ", "),
  after = table.concat(after, ", ") } }
