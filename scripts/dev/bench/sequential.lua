-- One ListClusters call after the other: qcsh --endpoint URL sequential.lua CALLS
local calls = tonumber(arg[1]) or 1000
local request = { account_id = "11111111-1111-4111-8111-111111111111" }

local start = os.clock()
for _ = 1, calls do
  qdrant.api.cluster.list_clusters(request)
end
print(string.format('{"mode":"sequential","calls":%d,"cpu_seconds":%.4f}', calls,
  os.clock() - start))
