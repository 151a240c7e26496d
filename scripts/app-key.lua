#!/usr/bin/env qcsh
local args = script {
  about = "Creates a database key with only the access that an application needs",
  args = {
    { "cluster" }, { "name" },
    { "--read", many = true, value = "collection" },
    { "--write", many = true, value = "collection" },
    { "--expires", type = "expiry", default = "90d" }, { "--file", about = "default: NAME.key" },
  },
  needs = { "read:clusters", "read:api_keys", "write:api_keys", "delete:api_keys",
    "connect:hosts", "write:files" },
  deletes = true,
}

local collections = {}
for _, name in ipairs(args.read) do
  collections[name] = "read"
end
for _, name in ipairs(args.write) do
  collections[name] = "write"
end
if not next(collections) then
  cli.usage("no collections: use --read NAME or --write NAME")
end
local cluster = qdrant.clusters:find(args.cluster)
if cluster:phase() == "SUSPENDED" then
  error(cluster.name .. " is suspended, so the key cannot be verified: resume it first", 0)
end
if not cluster.state.jwt_rbac then
  error(cluster.name .. " does not accept keys with rules; cluster:enable_jwt_rbac() enables them, "
    .. "which restarts the cluster and cannot be undone", 0)
end
local file = args.file or args.name .. ".key"
local key = cluster:keys():create {
  name = args.name, collections = collections, expires = args.expires, file = file, wait = true,
}
if qdrant.is_dry_run() then
  return { { name = args.name, cluster = cluster.name, would_write = file,
    outcome = "would create" } }
end
return { { name = key.name, id = key.id, expires_at = key.expires_at, file = file,
  url = cluster:url() } }
