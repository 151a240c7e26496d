-- What a script's first call pays for the contract: qcsh --endpoint URL first_call.lua
-- The request is refused before it leaves, so no network is measured; the second refusal shows what
-- stays.
local function refuse()
  local start = qdrant.clock()
  local ok = pcall(function()
    return qdrant.api.cluster.create_cluster { cluster = { name = "x" } } -- qcsh:ignore
  end)
  assert(not ok)
  return (qdrant.clock() - start) * 1000
end

local first = refuse()
local second = refuse()
print(string.format('{"calls":2,"first_ms":%.4f,"second_ms":%.4f}', first, second))
