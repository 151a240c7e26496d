-- GetCluster calls of a sandbox, up to LIMIT at a time: get_cluster.lua CALLS LIMIT ACCOUNT CLUSTER
local calls, limit = tonumber(arg[1]), tonumber(arg[2])
local request = { account_id = arg[3], cluster_id = arg[4] }

local function all(count)
  local numbers = {}
  for number = 1, count do
    numbers[number] = number
  end
  task.map(numbers, function()
    return qdrant.api.cluster.get_cluster(request).cluster.id
  end, { limit = limit })
end

all(limit) -- opens the connection
local start = time.clock()
all(calls)
print(string.format('{"mode":"get_cluster","calls":%d,"seconds":%.6f}', calls,
  time.clock() - start))
