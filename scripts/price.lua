#!/usr/bin/env qcsh
local args = script {
  about = "Tells what a cluster would cost: by size, or all packages that are large enough",
  args = {
    { "--cloud", default = "aws" }, { "--region", required = true },
    { "--cpu" }, { "--ram" }, { "--disk" }, { "--package" }, { "--multi-az", type = "flag" },
    { "--nodes", type = "int", default = 1 },
    { "--storage", type = { "cost_optimised", "balanced", "performance" } },
    { "--all", type = "flag", about = "every package that has at least as much" },
  },
  needs = { "read:booking", "write:clusters" },
}

local size = {
  cloud = args.cloud, region = args.region, cpu = args.cpu, ram = args.ram, disk = args.disk,
  package = args.package, multi_az = args.multi_az or nil, nodes = args.nodes,
  storage = args.storage,
}
local rows = json.list {}
local function add(quote)
  rows[#rows + 1] = {
    package = quote.package, nodes = args.nodes, currency = quote.currency,
    hourly = math.floor(quote.hourly * 10000 + 0.5) / 10000,
    monthly = math.floor(quote.monthly * 100 + 0.5) / 100, discount = quote.discount,
  }
end
if not args.all then
  add(qdrant.packages:quote(size))
else
  for _, package in ipairs(qdrant.packages:list(size)) do
    size.package_id = package.id
    add(qdrant.packages:quote(size))
  end
end
return rows
