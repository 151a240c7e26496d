#!/usr/bin/env qcsh
local args = script {
  about = "Waits until clusters are ready: healthy, with an address, all nodes and the version",
  args = {
    { "clusters", many = true, about = "names or ids" },
    { "--timeout", type = "duration", default = "20m" },
  },
  needs = { "read:clusters" },
}

if #args.clusters == 0 then
  cli.usage("which clusters?")
end
local result = qdrant.fleet.run(args.clusters, function(name)
  return qdrant.clusters:find(name):wait { timeout = args.timeout, progress = false }
end, { name = "wait", reads = true, report = function(line) log.info(line) end })
cli.status((select(2, qdrant.fleet.summary(result))))
return qdrant.fleet.rows(result)
