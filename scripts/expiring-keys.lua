#!/usr/bin/env qcsh
local args = script {
  about = "Lists database keys that expire soon, have expired, or never do",
  args = {
    { "--within", type = "duration", default = "30d" },
    { "--all", type = "flag", about = "also lists keys that expire later" },
  },
  needs = { "read:clusters", "read:api_keys" },
}

local names = {}
for _, cluster in ipairs(qdrant.clusters:list()) do
  names[cluster.id] = cluster.name
end
local now, rows = time.now(), json.list {}
for _, key in ipairs(qdrant.keys:list()) do
  local state = "later"
  if not key.expires_at then
    state = "never"
  elseif key.expires_at < now then
    state = "expired"
  elseif key.expires_at < now + args.within then
    state = "soon"
  end
  if args.all or state ~= "later" then
    rows[#rows + 1] = {
      cluster = names[key.cluster_id] or key.cluster_id, name = key.name, postfix = key.postfix,
      state = state, expires_at = key.expires_at,
      left = key.expires_at and time.human(key.expires_at - now) or nil,
    }
  end
end
local order = { expired = 1, soon = 2, never = 3, later = 4 }
table.sort(rows, function(a, b)
  if a.state ~= b.state then
    return order[a.state] < order[b.state]
  end
  return a.cluster .. a.name < b.cluster .. b.name
end)
cli.status(#rows > 0 and rows[1].state ~= "never" and rows[1].state ~= "later" and 9 or 0)
return rows
