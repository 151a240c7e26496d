#!/usr/bin/env qcsh
local args = script {
  about = "Suspends clusters with a label in the evening and resumes them in the morning",
  args = {
    { "action", type = { "suspend", "resume" } },
    { "--label", default = "env=dev", type = "pair" },
    { "--allow-empty", type = "flag", about = "succeeds when no cluster has the label" },
    { "--wait", type = "flag" }, { "--limit", type = "int", default = 8 },
    { "--dry-run", type = "flag" },
  },
  needs = { "read:clusters", "write:clusters" },
}

local open = {}
for _, cluster in ipairs(qdrant.clusters:choose { labels = args.label,
  allow_empty = args.allow_empty }) do
  local phase = cluster:phase()
  local is_stopped = phase == "SUSPENDED" or phase == "SUSPENDING"
  if is_stopped == (args.action == "resume") or phase:find("FAILED") then
    open[#open + 1] = cluster
  end
end
local result = qdrant.fleet.run(open, function(cluster)
  local options = { wait = args.wait and "20m" or nil, progress = false }
  if args.action == "suspend" then
    cluster:suspend(options)
  else
    cluster:resume(options)
  end
end, {
  name = args.action, limit = args.limit, dry_run = args.dry_run,
  report = function(line) log.info(line) end,
})
cli.status((select(2, qdrant.fleet.summary(result))))
return qdrant.fleet.rows(result)
