#!/usr/bin/env qcsh
local args = script {
  about = "Makes a key that can do what an application needs and no more",
  args = {
    { "cluster" }, { "name" },
    { "--read", many = true, value = "collection" },
    { "--write", many = true, value = "collection" },
    { "--expires", default = "90d" }, { "--file", about = "NAME.key when not given" },
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
  cli.usage("which collections? --read NAME, --write NAME")
end
local cluster = qdrant.clusters:find(args.cluster)
if cluster:phase() == "SUSPENDED" then
  error(cluster.name .. " is suspended: a key cannot be tried", 0)
end
if not cluster.state.jwt_rbac then
  error(cluster.name .. " takes no keys with rules yet; cluster:enable_jwt_rbac() lets it, for "
    .. "good, and restarts it", 0)
end
local file = args.file or args.name .. ".key"
local key = cluster:keys():create {
  name = args.name, collections = collections, expires = args.expires, file = file, wait = true,
}
return { { name = key.name, id = key.id, expires_at = key.expires_at, file = file,
  url = cluster:url() } }
