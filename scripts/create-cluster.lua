#!/usr/bin/env qcsh
local args = script {
  about = "Creates a cluster by size, waits until it is ready, and creates a key",
  epilog = "Status 9: a cluster with this name exists, but has another size; it is not changed.",
  args = {
    { "name" },
    { "--cloud", default = "aws" }, { "--region", required = true },
    { "--cpu", type = "cpu", about = "per node: 2000m or 2" },
    { "--ram", type = "size", about = "per node: 8GiB" },
    { "--disk", type = "size", about = "per node, in total: 50GiB" },
    { "--gpu", about = "per node: 1" }, { "--package" },
    { "--nodes", type = "int", default = 1 }, { "--multi-az", type = "flag" },
    { "--label", many = true, type = "pair" },
    { "--allow", many = true, type = "block", about = "addresses that may connect" },
    { "--version", default = "latest" },
    { "--key-file", about = "creates a key and writes it to this file, for you only" },
    { "--timeout", type = "duration", default = "20m" },
  },
  needs = { "read:clusters", "write:clusters", "read:api_keys", "write:api_keys",
    "delete:api_keys", "connect:hosts", "read:files", "write:files" },
  deletes = true,
}

if not args.package and not (args.cpu and args.ram) then
  cli.usage("a size is missing: use --cpu and --ram, or --package")
end
-- What was made before is not made again: a second run goes on where the first one ended.
local cluster, is_new = qdrant.clusters:ensure {
  name = args.name, cloud = args.cloud, region = args.region, cpu = args.cpu, ram = args.ram,
  disk = args.disk, gpu = args.gpu, package = args.package, nodes = args.nodes,
  version = args.version,
  multi_az = args.multi_az or nil, labels = next(args.label) and args.label or nil,
  allow = #args.allow > 0 and args.allow or nil,
}
-- One that is there is not changed: what differs in size is told.
local differs = {}
if not is_new then
  local units = require "qdrant.resource.units"
  local package = cluster:package()
  local has = package.resource_configuration
  local function compare(what, wanted, present)
    if wanted ~= nil and wanted ~= present then
      differs[#differs + 1] = ("%s is %s"):format(what, tostring(present))
    end
  end
  compare("nodes", args.nodes, cluster.configuration.number_of_nodes)
  if args.package ~= package.id then
    compare("package", args.package, package.name)
  end
  compare("millicores", args.cpu and units.millicores(args.cpu), units.millicores(has.cpu))
  compare("GiB of memory", args.ram and units.gib(args.ram), units.gib(has.ram))
  if #differs > 0 then
    log.warn(("%s exists, but has another size: %s; use scale-cluster to change it"):format(
      args.name, table.concat(differs, ", ")))
    cli.status(9)
  end
end
cluster:wait { timeout = args.timeout, kind = is_new and "cluster.create" or nil }
local key_name = args.name .. "-key"
local key_file = args.key_file and fs.stat(args.key_file)
-- An empty one is what an interrupted run has left.
if args.key_file and (not key_file or key_file.size == 0) then
  for _, key in ipairs(cluster:keys():list()) do
    if key.name == key_name then
      -- Its secret was not written: nobody has it.
      key:delete()
    end
  end
  cluster:keys():create { name = key_name, file = args.key_file, wait = true }
end
if qdrant.is_dry_run() then
  return { { name = args.name, id = not is_new and cluster.id or nil,
    outcome = is_new and "would create" or "exists",
    would_write = not (key_file and key_file.size > 0) and args.key_file or nil } }
end
return { {
  name = cluster.name, id = cluster.id, url = cluster:url(), phase = cluster:phase(),
  created = is_new, key_file = args.key_file,
} }
