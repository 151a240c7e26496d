#!/usr/bin/env qcsh
local args = script {
  about = "Creates a backup and waits until it is complete",
  args = {
    { "cluster" }, { "--name", about = "default: manual-DATE" },
    { "--retention", default = "30d", about = "1 to 365 days; 0 keeps it forever" },
    { "--duplicate", type = "flag", about = "although a backup of the cluster has this name" },
    { "--timeout", type = "duration", default = "2h" },
  },
  needs = { "read:clusters", "read:backups", "write:backups" },
}

if args.retention ~= "0" and not cli.convert("duration", args.retention) then
  cli.usage("--retention must be a duration such as 30d, or 0")
end
local cluster = qdrant.clusters:find(args.cluster)
local name = args.name or "manual-" .. time.format(time.now(), "%Y-%m-%d-%H%M")
local backup = cluster:backup {
  name = name, retention = args.retention ~= "0" and args.retention or nil, wait = args.timeout,
  duplicate = args.duplicate,
}
if qdrant.is_dry_run() then
  return { { name = name, cluster = cluster.name, outcome = "would create" } }
end
return { {
  name = backup.display_name, id = backup.id, cluster = cluster.name, status = backup:phase(),
  created_at = backup.created_at, took = backup.backup_duration,
} }
