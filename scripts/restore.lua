#!/usr/bin/env qcsh
local args = script {
  about = "Restores a backup into its cluster, which is unavailable meanwhile",
  args = {
    { "cluster" }, { "--backup", about = "by name or id; default: the newest" },
    { "--timeout", type = "duration", default = "2h" }, { "--yes", type = "flag" },
  },
  needs = { "read:clusters", "read:backups", "restore:backups" },
}

local cluster = qdrant.clusters:find(args.cluster)
local backup = args.backup and cluster:backups():find(args.backup) or cluster:backups():latest()
if not backup then
  error(cluster.name .. " has no successful backup", 0)
elseif backup.cluster_id ~= cluster.id then
  error(("backup %s belongs to another cluster"):format(backup.display_name), 0)
end
cli.confirm(("Restore %s (%s) into %s? Later data is lost."):format(backup.display_name,
  time.ago(backup.created_at), cluster.name), args.yes)
local restore = backup:restore { wait = args.timeout }
if qdrant.is_dry_run() then
  return { { cluster = cluster.name, backup = backup.display_name, outcome = "would restore" } }
end
return { { cluster = cluster.name, backup = backup.display_name, status = restore:phase(),
  phase = cluster:refresh():phase() } }
