#!/usr/bin/env qcsh
local args = script {
  about = "Reports the age of each cluster's newest backup; exits with 9 if any is too old",
  args = { { "--max-age", type = "duration", default = "26h" },
    { "--label", type = "pair" },
    { "--allow-empty", type = "flag", about = "succeeds when no cluster has the label" }, },
  needs = { "read:clusters", "read:backups" },
}

local newest, counts = {}, {}
for _, backup in ipairs(qdrant.backups:list { status = "SUCCEEDED" }) do
  local id = backup.cluster_id
  counts[id] = (counts[id] or 0) + 1
  if not newest[id] or backup.created_at > newest[id].created_at then
    newest[id] = backup
  end
end
local rows, is_old, now = json.list {}, false, time.now()
for _, cluster in ipairs(qdrant.clusters:choose { labels = args.label,
  allow_empty = args.allow_empty }) do
  local backup = newest[cluster.id]
  local row = { cluster = cluster.name, backups = counts[cluster.id] or 0, state = "none" }
  if backup then
    local age = now - backup.created_at
    row.newest, row.age = backup.display_name, time.human(age)
    row.state = age > args.max_age and "too old" or "fresh"
  elseif cluster.state.capabilities.backup.status:find("NOT_SUPPORTED") then
    row.state = "not supported"
  end
  is_old = is_old or row.state == "none" or row.state == "too old"
  rows[#rows + 1] = row
end
cli.status(is_old and 9 or 0)
return rows
