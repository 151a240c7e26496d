#!/usr/bin/env qcsh
local args = script {
  about = "Lists clusters with problems, for a chat or a pager; exits with 9 if there are any",
  args = {
    { "--all", type = "flag", about = "also lists clusters without problems" },
    { "--webhook", about = "posts the list to this URL as { text = … }" },
  },
  needs = { "read:clusters", "connect:hosts" },
}

-- Phases in which nobody is served; what is being changed is no reason to page anybody.
local DOWN = { NOT_FOUND = true, RECOVERY_MODE = true, UNKNOWN = true, UNSPECIFIED = true }
local WORTH = { CRITICAL = 3, WARNING = 2, INFO = 1 }
local rows = task.map(qdrant.clusters:list(), function(cluster)
  local row = {
    cluster = cluster.name, phase = cluster:phase(), version = cluster.state.version,
    nodes = ("%d/%d"):format(cluster.state.nodes_up, cluster.configuration.number_of_nodes),
    alerts = 0, problem = cluster:problems()[1],
  }
  local worst = 0
  for _, alert in ipairs(cluster:monitoring():alerts()) do
    row.alerts = row.alerts + 1
    local weight = WORTH[(alert.severity:gsub("^CLUSTER_ALERT_SEVERITY_", ""))] or 0
    if weight > worst then
      worst, row.problem = weight, row.problem or alert.title
    end
  end
  row.state = (DOWN[row.phase] or row.phase:find("^FAILED") or worst >= 3) and "bad"
    or (worst >= 2 or row.problem) and "look" or "well"
  return row
end, { limit = 8 })
local order = { bad = 1, look = 2, well = 3 }
table.sort(rows, function(a, b)
  return order[a.state] < order[b.state] or order[a.state] == order[b.state]
    and a.cluster < b.cluster
end)
local shown, lines = json.list {}, {}
for _, row in ipairs(rows) do
  if args.all or row.state ~= "well" then
    shown[#shown + 1] = row
    lines[#lines + 1] = ("%s is %s%s"):format(row.cluster, row.phase,
      row.problem and ": " .. row.problem or "")
  end
end
local is_bad = #lines > 0 and rows[1].state ~= "well"
cli.status(is_bad and 9 or 0)
if args.webhook then
  local ok, problem = pcall(http.post, args.webhook, {
    json = { text = #lines > 0 and table.concat(lines, "\n") or "all clusters are well" },
    check = true,
  })
  if not ok then
    -- A webhook that is down must not hide the findings.
    cli.remark("the list was not delivered: " .. tostring(problem))
    cli.status(is_bad and 9 or 8)
  end
end
return shown
