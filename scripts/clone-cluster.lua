#!/usr/bin/env qcsh
local args = script {
  about = "Copies a cluster with its data, for example production to staging",
  args = {
    { "source" }, { "name" },
    { "--fresh", type = "flag", about = "copies a new backup instead of the newest one" },
    { "--label", many = true, type = "pair" }, { "--allow", many = true, type = "block" },
    { "--key-file", about = "creates a key and writes it to this file, for you only" },
    { "--timeout", type = "duration", default = "2h" },
  },
  needs = { "read:clusters", "write:clusters", "read:backups", "write:backups",
    "delete:backups", "restore:backups", "read:api_keys", "write:api_keys", "delete:api_keys",
    "connect:hosts", "read:files", "write:files" },
  deletes = true,
}

local source = qdrant.clusters:find(args.source)
local backup = not args.fresh and source:backups():latest()
local own
-- The backup that was made for this does not stay, whatever happens.
task.defer(function()
  if own then
    own:delete()
  end
end)
local copy
for _, one in ipairs(qdrant.clusters:list { labels = { ["qcsh-copy-of"] = source.id } }) do
  copy = one.name == args.name and one or copy
end
local labels = { ["qcsh-copy-of"] = source.id }
if copy then
  -- An earlier run got so far.
  if args.fresh then
    log.warn(args.name .. " already exists: it keeps its data, and no backup is created")
  end
  copy:wait { timeout = args.timeout }
  backup = nil
else
  if not backup then
    own = source:backup { name = "for-" .. args.name, retention = "1d", duplicate = true }
    own:wait { timeout = args.timeout }
    backup = own
  end
  copy = backup:to_cluster { name = args.name }
  -- What an interrupted run leaves is known by its label; a cloud that takes none so early gets it
  -- below.
  pcall(copy.label, copy, labels)
  copy:wait { timeout = args.timeout, kind = "cluster.from_backup", is_new = true }
end
for key, value in pairs(args.label) do
  labels[key] = value
end
copy:label(labels)
if #args.allow > 0 then
  copy:update { allow = args.allow }
end
local key_file = args.key_file and fs.stat(args.key_file)
if args.key_file and (not key_file or key_file.size == 0) then
  copy:keys():create { name = args.name .. "-key", file = args.key_file, wait = true }
end
return { { name = copy.name, id = copy.id, url = copy:url(),
  backup = backup and backup.display_name,
  phase = copy:phase() } }
