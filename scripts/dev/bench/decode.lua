-- Fetches and decodes a large answer over and over: qcsh --endpoint URL decode.lua CALLS
local calls = tonumber(arg[1]) or 5
local request = { account_id = "11111111-1111-4111-8111-111111111111" }

local clusters = 0
local start = os.clock()
for _ = 1, calls do
  local answer = qdrant.api.cluster.list_clusters(request)
  clusters = #answer.items
  assert(answer.items[clusters].state.endpoint.rest_port == 6333)
end
print(string.format('{"mode":"decode","calls":%d,"clusters":%d,"cpu_seconds":%.4f}', calls,
  clusters, os.clock() - start))
