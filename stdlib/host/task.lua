--- Concurrency that reads sequentially: tasks are coroutines that the host runs while others wait.
local host = ...

local task = {}

--- Waits.
---@async
---@param seconds number|userdata seconds, or a duration
function task.sleep(seconds)
  host.sleep(seconds)
end

--- Keeps where a child failed: error objects get a traceback, texts get it appended by the host.
local function keep_traceback(problem)
  if type(problem) == "table" and rawget(problem, "traceback") == nil then
    rawset(problem, "traceback", debug.traceback(nil, 2))
  end
  return problem
end

--- Calls a function for each element, several at a time, and returns the results in order.
--- The first failure cancels the others and is raised.
---@async
---@generic T, R
---@param list T[]
---@param fn fun(item: T, index: integer): R
---@param options? { limit?: integer } how many run at once; 32 when not given
---@return R[]
function task.map(list, fn, options)
  local limit = options and options.limit or 32
  if math.type(limit) ~= "integer" or limit < 1 then
    error("task.map: limit has to be a positive integer", 2)
  end
  local results, count, next_index = {}, #list, 1
  local running = math.min(limit, count)
  local failed, failure = false, nil
  local gate = host.gate()
  local workers = {}
  -- However this function is left, no child outlives it.
  local scope <close> = setmetatable({}, {
    __close = function()
      for _, worker in ipairs(workers) do
        host.cancel(worker)
      end
      host.close_gate(gate)
    end,
  })

  local function take_items()
    while not failed and next_index <= count do
      local index = next_index
      next_index = next_index + 1
      local ok, result = xpcall(fn, keep_traceback, list[index], index)
      if ok then
        results[index] = result
      elseif not failed then
        failed, failure = true, result
      end
    end
  end

  local function work()
    -- Reading the list may fail, too.
    local ok, problem = pcall(take_items)
    if not ok and not failed then
      failed, failure = true, problem
    end
    running = running - 1
    if failed or running == 0 then
      host.open(gate)
    end
  end

  for i = 1, running do
    workers[i] = host.spawn(work)
  end
  if running > 0 and not failed then
    host.pass(gate)
  end
  local _ = scope
  if failed then
    error(failure, 0)
  end
  return results
end

--- Runs functions at once and returns their results in order.
--- The first failure cancels the others and is raised.
---@async
---@param functions (fun(): any)[]
---@return any[]
function task.all(functions)
  return task.map(functions, function(fn)
    return fn()
  end, { limit = math.max(1, #functions) })
end

return task
