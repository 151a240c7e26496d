#!/usr/bin/env qcsh
local args = script {
  about = "Tests backups: restores each into a temporary cluster, checks it and deletes it",
  args = {
    { "clusters", many = true, about = "names or ids; with none, those of --label" },
    { "--label", default = "env=prod", type = "pair" },
    { "--allow-empty", type = "flag", about = "succeeds when no cluster has the label" },
    { "--limit", type = "int", default = 1 }, { "--timeout", type = "duration", default = "2h" },
    { "--yes", type = "flag" },
  },
  needs = { "read:clusters", "write:clusters", "delete:clusters", "read:backups",
    "restore:backups", "read:api_keys", "write:api_keys", "delete:api_keys", "connect:hosts" },
  deletes = true,
}

local chosen = qdrant.clusters:choose {
  names = args.clusters, labels = args.label, allow_empty = args.allow_empty,
}
cli.confirm(("Test the backups of %d cluster%s? Each needs a temporary cluster."):format(#chosen,
  #chosen == 1 and "" or "s"), args.yes)
local rows = json.list {}
local result = qdrant.fleet.run(chosen, function(cluster)
  local backup = cluster:backups():latest()
  if not backup then
    error("no successful backup", 0)
  end
  local started = time.clock()
  local name = ("drill-%s"):format(crypto.uuid():sub(1, 8))
  -- The copy goes, whatever happens; the backup stays. Whoever interrupts its making finds it by name.
  local copy
  task.defer(function()
    for _, one in ipairs(copy and { copy } or qdrant.clusters:list()) do
      if one.name == name then
        one:delete()
      end
    end
  end)
  copy = backup:to_cluster { name = name }
  copy:wait { timeout = args.timeout, progress = false, kind = "cluster.from_backup" }
  local key = copy:keys():create { name = name, access = "read", wait = true, progress = false }
  local answer = http.get(copy:url() .. "/collections", { headers = { ["api-key"] = key.key } })
  local collections = answer:json().result.collections
  rows[#rows + 1] = {
    cluster = cluster.name, backup = backup.display_name, age = time.ago(backup.created_at),
    collections = #collections, took = time.human(time.clock() - started),
  }
end, {
  name = "drill", progress = false, limit = args.limit,
  report = function(line) log.info(line) end,
})
cli.status((select(2, qdrant.fleet.summary(result))))
for _, failed in ipairs(result.failed) do
  rows[#rows + 1] = { cluster = failed.label, problem = tostring(failed.problem) }
end
return rows
