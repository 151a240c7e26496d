#!/usr/bin/env qcsh
local args = script {
  about = "Makes database keys anew: the new one works and is handed over before the old one goes",
  args = {
    { "cluster" }, { "keys", many = true, about = "by name; those of --within when none is named" },
    { "--within", default = "14d", about = "keys that expire so soon" },
    { "--folder", default = ".", about = "where the secrets are written to, NAME.key" },
    { "--run", about = "a command of the shell: the secret is its input, $1 the name" },
    { "--overlap", type = "duration", default = "0s", about = "how long both keys work" },
    { "--yes", type = "flag" },
  },
  needs = { "read:clusters", "read:api_keys", "write:api_keys", "delete:api_keys",
    "connect:hosts", "write:files", "run:processes" },
  deletes = true,
}

local cluster = qdrant.clusters:find(args.cluster)
local keys = {}
if #args.keys > 0 then
  for i, name in ipairs(args.keys) do
    keys[i] = cluster:keys():find(name)
  end
else
  keys = cluster:keys():list { expires_before = args.within }
end
if #keys == 0 then
  log.info("no key expires within " .. args.within)
  return json.list {}
end
cli.confirm(("Make %d key%s of %s anew?"):format(#keys, #keys == 1 and "" or "s", cluster.name),
  args.yes)
local rows, files = json.list {}, {}
for i, old in ipairs(keys) do
  local file = ("%s/%s.key"):format(args.folder, old.name:gsub("[^%w._-]", "-"))
  -- Names that are alike as files are told apart.
  if files[file] then
    file = file:gsub("%.key$", "-" .. old.postfix .. ".key")
  end
  files[file] = true
  local new = old:rotate { keep = true, file = file }
  if args.run then
    process.run({ "/bin/sh", "-c", args.run, "sh", old.name }, { input = new.key })
  end
  task.sleep(args.overlap)
  old:delete()
  rows[i] = { name = new.name, id = new.id, replaced = old.id, file = file,
    expires_at = new.expires_at }
end
return rows
