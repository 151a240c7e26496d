-- ListClusters calls, up to LIMIT at a time: qcsh --endpoint URL concurrent.lua CALLS [LIMIT]
local task = require "task"

local calls, limit = tonumber(arg[1]) or 1000, tonumber(arg[2]) or 64
local requests = {}
for number = 1, calls do
  requests[number] = { account_id = "11111111-1111-4111-8111-111111111111" }
end

local start = os.clock()
task.map(requests, function(request)
  return #qdrant.api.cluster.list_clusters(request).items
end, { limit = limit })
print(string.format('{"mode":"concurrent","calls":%d,"cpu_seconds":%.4f}', calls,
  os.clock() - start))
