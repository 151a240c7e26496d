#!/usr/bin/env qcsh
local args = script {
  about = "Scales a cluster: shows price and risk first, keeps the disk, waits until it is done",
  args = {
    { "cluster" },
    { "--nodes", type = "int" },
    { "--cpu", type = "cpu", about = "per node: 2000m or 2" },
    { "--ram", type = "size", about = "per node: 8GiB" }, { "--gpu" },
    { "--disk", type = "size", about = "per node, in total: 50GiB; disks never shrink" },
    { "--package" },
    { "--storage", type = { "cost_optimised", "balanced", "performance" } },
    { "--force", type = "flag", about = "even if the data in use would not fit" },
    { "--yes", type = "flag" }, { "--timeout", type = "duration", default = "1h" },
  },
  needs = { "read:clusters", "write:clusters" },
}

local cluster = qdrant.clusters:find(args.cluster)
local size = { nodes = args.nodes, cpu = args.cpu, ram = args.ram, disk = args.disk,
  gpu = args.gpu, package = args.package, storage = args.storage }
if not next(size) then
  cli.usage("nothing to change: use --nodes, --cpu, --ram, --gpu, --disk, --package or --storage")
end
local preview = cluster:scale_preview(size)
local function change(what, pair, format)
  if pair[1] ~= pair[2] then
    log.info(("%s: " .. format .. " to " .. format):format(what, pair[1], pair[2]))
  end
end
change("nodes", preview.nodes, "%d")
change("package", preview.package, "%s")
change("disk of each node, GiB", preview.disk_gib, "%d")
change(preview.currency .. " a month", preview.monthly, "%.2f")
for _, risk in ipairs(preview.risks) do
  log.warn("risk: " .. risk)
end
if preview.nodes[2] < preview.nodes[1] then
  log.warn("risk: shards must be moved off the nodes that are removed; rebalance them first")
end
cli.confirm(("Scale %s?"):format(cluster.name), args.yes)
size.wait, size.force = args.timeout, args.force
cluster:scale(size)
return { {
  name = cluster.name, nodes = cluster.configuration.number_of_nodes,
  package = preview.package[2], disk_gib = preview.disk_gib[2], phase = cluster:phase(),
  monthly = math.floor(preview.monthly[2] * 100 + 0.5) / 100, currency = preview.currency,
  outcome = qdrant.is_dry_run() and "would scale" or nil,
} }
