#!/usr/bin/env qcsh
local args = script {
  about = "Restarts clusters one after another; each must be ready before the next",
  args = {
    { "clusters", many = true },
    { "--limit", type = "int", default = 1, about = "how many at once" },
    { "--timeout", type = "duration", default = "30m" }, { "--journal" },
    { "--yes", type = "flag" },
  },
  needs = { "read:clusters", "write:clusters", "read:files", "write:files" },
}

if #args.clusters == 0 then
  cli.usage("which clusters?")
end
local clusters, chosen = {}, {}
for _, name in ipairs(args.clusters) do
  local cluster = qdrant.clusters:find(name)
  if not chosen[cluster.id] then
    chosen[cluster.id] = true
    clusters[#clusters + 1] = cluster
  end
end
cli.confirm(("Restart %d cluster%s?"):format(#clusters, #clusters == 1 and "" or "s"), args.yes)
local result = qdrant.fleet.run(clusters, function(cluster)
  cluster:restart { wait = args.timeout, progress = false }
end, {
  name = "restart", limit = args.limit, stop_after = 1, journal = args.journal,
  report = function(line) log.info(line) end,
})
cli.status((select(2, qdrant.fleet.summary(result))))
return qdrant.fleet.rows(result)
