#!/usr/bin/env qcsh
local args = script {
  about = "Shows the price of a cluster by size, or of all packages that are large enough",
  args = {
    { "--cloud", default = "aws" }, { "--region", required = true },
    { "--cpu", type = "cpu", about = "per node: 2000m or 2" },
    { "--ram", type = "size", about = "per node: 8GiB" },
    { "--gpu" }, { "--disk", type = "size", about = "per node, in total: 50GiB" }, { "--package" },
    { "--multi-az", type = "flag" },
    { "--nodes", type = "int", default = 1 },
    { "--storage", type = { "cost_optimised", "balanced", "performance" } },
    { "--all", type = "flag", about = "every package that is at least as large" },
  },
  needs = { "write:clusters" },
}

if args.package and (args.cpu or args.ram or args.gpu) then
  cli.usage("use --package or a size, not both")
end
local size = {
  cloud = args.cloud, region = args.region, cpu = args.cpu, ram = args.ram, disk = args.disk,
  gpu = args.gpu, package = args.package, multi_az = args.multi_az or nil,
}
local rows = json.list {}
local function add(quote)
  rows[#rows + 1] = {
    package = quote.package, nodes = args.nodes, currency = quote.currency,
    hourly = math.floor(quote.hourly * 10000 + 0.5) / 10000,
    monthly = math.floor(quote.monthly * 100 + 0.5) / 100,
    discount = math.floor(quote.discount * 100 + 0.5) / 100,
  }
end
local packages = args.all and qdrant.packages:list(size) or {}
size.nodes, size.storage = args.nodes, args.storage
if not args.all then
  add(qdrant.packages:quote(size))
end
for _, package in ipairs(packages) do
  size.package_id = package.id
  add(qdrant.packages:quote(size))
end
return rows
