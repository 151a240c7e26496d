#!/usr/bin/env qcsh
local args = script {
  about = "Creates a cluster, runs a command with it, such as tests, and deletes it",
  args = {
    { "--cloud", default = "aws" }, { "--region", default = "eu-central-1" },
    { "--package" }, { "--cpu", type = "cpu", about = "per node; 500m when no size is given" },
    { "--ram", type = "size", about = "per node; 2GiB when no size is given" },
    { "--nodes", type = "int", default = 1 },
    { "--ttl", type = "duration", default = "2h", about = "when --sweep may delete it" },
    { "--prefix", default = "ci" },
    { "--sweep", type = "flag", about = "deletes expired clusters of earlier runs" },
    { "command", many = true, about = "has QDRANT_URL and QDRANT_API_KEY in its environment" },
  },
  needs = { "read:clusters", "write:clusters", "delete:clusters", "read:api_keys",
    "write:api_keys", "delete:api_keys", "connect:hosts", "run:processes" },
  deletes = true,
}

local LABEL = "qcsh-expires"

if args.sweep then
  local rows = json.list {}
  for _, cluster in ipairs(qdrant.clusters:list { labels = { [LABEL] = true } }) do
    local seconds = tonumber(cluster:label_map()[LABEL])
    local expires = seconds and time.parse(seconds)
    if not expires then
      log.warn(("%s: skipped, because its label %s is not a time"):format(cluster.name, LABEL))
    elseif expires < time.now() then
      local ok, problem = pcall(cluster.delete, cluster)
      rows[#rows + 1] = { name = cluster.name, expired = time.ago(expires),
        problem = not ok and tostring(problem) or nil }
      if not ok then
        cli.status(9)
      end
    end
  end
  return rows
end
if #args.command == 0 then
  cli.usage("which command? ephemeral-cluster.lua -- make test")
elseif not (args.package or args.cpu or args.ram) then
  args.cpu, args.ram = "500m", "2GiB"
end

local name = ("%s-%s"):format(args.prefix, crypto.uuid():sub(1, 8))
local cluster
-- Whatever happens from here on, it does not stay: whoever interrupts its making finds it by name.
task.defer(function()
  for _, one in ipairs(cluster and { cluster } or qdrant.clusters:list()) do
    if one.name == name then
      local ok, problem = pcall(one.delete, one, { backups = true })
      if not ok then
        log.error(("%s (%s) was not deleted and still costs money: %s"):format(one.name, one.id,
          tostring(problem)))
        cli.status(1)
      end
    end
  end
end)
cluster = qdrant.clusters:create {
  name = name, cloud = args.cloud, region = args.region, cpu = args.cpu, ram = args.ram,
  package = args.package, nodes = args.nodes,
  labels = { [LABEL] = ("%d"):format((time.now() + args.ttl).seconds) },
}
cluster:wait { kind = "cluster.create" }
local key = cluster:keys():create { name = name, wait = true }
local result = process.run(args.command, {
  check = false, stdout = "inherit", stderr = "inherit",
  env = { QDRANT_URL = cluster:url(), QDRANT_API_KEY = key.key },
})
cli.status(result.status)
