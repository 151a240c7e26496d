#!/usr/bin/env qcsh
local args = script {
  about = "Makes a copy of a cluster with its data: production as staging, for example",
  args = {
    { "source" }, { "name" },
    { "--fresh", type = "flag", about = "makes a backup now; else the newest one is used" },
    { "--label", many = true, value = "key=value" }, { "--allow", many = true, value = "block" },
    { "--key-file", about = "makes a key and writes it there, for you only" },
    { "--timeout", default = "2h" },
  },
  needs = { "read:clusters", "write:clusters", "read:backups", "write:backups",
    "delete:backups", "restore:backups", "read:api_keys", "write:api_keys", "delete:api_keys",
    "connect:hosts", "write:files" },
  deletes = true,
}

local source = qdrant.clusters:find(args.source)
local labels = {}
for _, text in ipairs(args.label) do
  local key, value = text:match("^([^=]+)=(.*)$")
  if not key then
    error("--label takes key=value, not " .. text, 0)
  end
  labels[key] = value
end
local backup = not args.fresh and source:backups():latest()
local own
if not backup then
  own = source:backup { name = "for-" .. args.name, retention = "1d", wait = args.timeout }
  backup = own
end
local copy = backup:to_cluster { name = args.name, wait = args.timeout }
if next(labels) then
  copy:label(labels)
end
if #args.allow > 0 then
  copy:update { allow = args.allow }
end
if args.key_file then
  copy:keys():create { name = args.name .. "-key", file = args.key_file, wait = true }
end
if own then
  own:delete()
end
return { { name = copy.name, id = copy.id, url = copy:url(), backup = backup.display_name,
  phase = copy:phase() } }
