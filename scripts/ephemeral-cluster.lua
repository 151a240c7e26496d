#!/usr/bin/env qcsh
local args = script {
  about = "Creates a cluster for the time of a command, as tests need one, and deletes it",
  args = {
    { "--cloud", default = "aws" }, { "--region", default = "eu-central-1" },
    { "--package" }, { "--cpu" }, { "--ram" }, { "--nodes", type = "int", default = 1 },
    { "--ttl", type = "duration", default = "2h", about = "when --sweep may delete it" },
    { "--prefix", default = "ci" },
    { "--sweep", type = "flag", about = "deletes what earlier runs have left behind" },
    { "command", many = true, about = "gets QDRANT_URL and QDRANT_API_KEY" },
  },
  needs = { "read:clusters", "read:cluster", "read:booking", "write:clusters",
    "delete:clusters", "read:api_keys", "write:api_keys", "delete:api_keys", "connect:hosts",
    "run:processes", "read:environment" },
  deletes = true,
}

local LABEL = "qcsh-expires"

if args.sweep then
  local rows = json.list {}
  for _, cluster in ipairs(qdrant.clusters:list { labels = { [LABEL] = true } }) do
    local expires = time.parse(tonumber(cluster:label_map()[LABEL]))
    if expires < time.now() then
      cluster:delete()
      rows[#rows + 1] = { name = cluster.name, expired = time.ago(expires) }
    end
  end
  return rows
end
if #args.command == 0 then
  error("which command? ephemeral-cluster.lua -- make test", 0)
end

local name = ("%s-%s"):format(args.prefix, crypto.uuid():sub(1, 8))
local cluster
-- Whatever happens from here on, it does not stay.
task.defer(function()
  if cluster then
    cluster:delete { backups = true }
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
