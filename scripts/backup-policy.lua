#!/usr/bin/env qcsh
local args = script {
  about = "Checks the backup schedules of all clusters with a label; creates and corrects them",
  args = {
    { "--label", default = "env=prod", type = "pair" },
    { "--name", default = "policy-daily" }, { "--cron", type = "cron", default = "0 3 * * *" },
    { "--retention", type = "duration", default = "30d" },
    { "--allow-empty", type = "flag", about = "succeeds when no cluster has the label" },
    { "--fix", type = "flag", about = "creates missing schedules and corrects different ones" },
  },
  needs = { "read:clusters", "read:backup_schedules", "write:backup_schedules" },
}

local schedules = {}
for _, schedule in ipairs(qdrant.schedules:list()) do
  if schedule.display_name == args.name then
    schedules[schedule.cluster_id] = schedule
  end
end
local rows, is_wrong, is_dry = json.list {}, false, qdrant.is_dry_run()
for _, cluster in ipairs(qdrant.clusters:choose { labels = args.label,
  allow_empty = args.allow_empty }) do
  local schedule = schedules[cluster.id]
  local row = { cluster = cluster.name, schedule = args.name, state = "ok" }
  local is_supported = cluster.state.capabilities.backup.status:find("NOT_SUPPORTED") == nil
  if not is_supported then
    row.state = "has no backups"
  elseif not schedule then
    row.state = "missing"
    if args.fix then
      cluster:schedules():create { name = args.name, cron = args.cron,
        retention = args.retention }
      row.state = is_dry and "would create" or "created"
    end
  elseif schedule.schedule ~= args.cron
    or schedule.retention_period ~= args.retention then
    row.state = "different"
    if args.fix then
      schedule:update { cron = args.cron, retention = args.retention }
      row.state = is_dry and "would change" or "changed"
    end
  end
  is_wrong = is_wrong or row.state == "missing" or row.state == "different"
  rows[#rows + 1] = row
end
cli.status(is_wrong and 9 or 0)
return rows
