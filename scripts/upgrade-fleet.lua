#!/usr/bin/env qcsh
local args = script {
  about = "Upgrades clusters with backups and canaries; stops after too many failures",
  args = {
    { "clusters", many = true, about = "names or ids; with none, all that --label chooses" },
    { "--label", many = true, type = "pair" },
    { "--allow-empty", type = "flag", about = "succeeds when no cluster has the label" },
    { "--to", default = "latest" },
    { "--canary", type = "int", default = 1 }, { "--limit", type = "int", default = 4 },
    { "--stop-after", default = "10%" }, { "--pause", type = "duration", default = "0s" },
    { "--retention", default = "7d", about = "of the backups; 0 makes no backups" },
    { "--journal", about = "file from which a second run resumes" },
    { "--dry-run", type = "flag" }, { "--yes", type = "flag" },
  },
  needs = { "read:clusters", "write:clusters", "read:backups", "write:backups", "read:files",
    "write:files" },
}

local fleet = qdrant.fleet
if args.retention ~= "0" and not cli.convert("duration", args.retention) then
  cli.usage("--retention must be a duration such as 7d, or 0")
end
if #args.clusters == 0 and not next(args.label) then
  cli.usage("no clusters: name them, or select them with --label")
end
local chosen = qdrant.clusters:choose {
  names = args.clusters, labels = args.label, allow_empty = args.allow_empty,
}

local open, rows = {}, json.list {}
for _, cluster in ipairs(chosen) do
  local target = qdrant.releases:target(cluster, args.to)
  if target == cluster.state.version then
    rows[#rows + 1] = { name = cluster.name, outcome = "up to date", version = target }
  elseif cluster:phase() ~= "HEALTHY" then
    rows[#rows + 1] = { name = cluster.name, outcome = "skipped", problem = cluster:phase() }
  else
    open[#open + 1] = { id = cluster.id, name = cluster.name, cluster = cluster, target = target }
    local replication = cluster.configuration.database_configuration
    replication = replication and replication.collection
      and replication.collection.replication_factor or 1
    log.info(("%s: %s to %s%s"):format(cluster.name, cluster.state.version, target,
      replication < 2 and "; it is unavailable while it restarts (replication factor 1)" or ""))
  end
end
if #open > 0 and not args.dry_run then
  cli.confirm(("Upgrade %d cluster%s?"):format(#open, #open == 1 and "" or "s"), args.yes)
end
local result = fleet.run(open, function(item)
  if args.retention ~= "0" then
    item.cluster:backup {
      name = ("before-%s"):format(item.target:gsub("%.", "-")), retention = args.retention,
      wait = true, progress = false, duplicate = true,
    }
  end
  item.cluster:upgrade(item.target, { wait = "1h", progress = false })
end, {
  name = "upgrade to " .. args.to, canary = args.canary, limit = args.limit,
  -- What was done is that version, not every later one.
  key = function(item) return item.id .. " " .. item.target end,
  stop_after = args.stop_after, pause = args.pause, journal = args.journal,
  dry_run = args.dry_run, report = function(line) log.info(line) end,
})
for _, row in ipairs(fleet.rows(result)) do
  rows[#rows + 1] = row
end
cli.status((select(2, fleet.summary(result))))
return rows
