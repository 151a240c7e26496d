--- Concurrency that reads sequentially: tasks are coroutines that the host runs while others wait.
---
--- Every task belongs to a scope. A scope ends when all its tasks have ended; the first task that fails
--- cancels the others, and its error is raised where the scope was opened. A cancelled task is unwound
--- from where it waits: pcall does not catch that; to-be-closed variables run and may wait. A change in
--- flight is waited for first, so that its outcome is known.
local host = ...

local task = {}

--- Waits for some time.
---@usage task.sleep(0.01)
---@async
---@param seconds number|string|userdata seconds, or a duration such as "10m"
function task.sleep(seconds)
  host.sleep(seconds)
end

--- Stops here if the task was cancelled: for long computations that never wait.
---@usage task.checkpoint()
function task.checkpoint()
  host.checkpoint()
end

-- Tasks ---------------------------------------------------------------------------------------

---@class task.Handle a task that was started
---@field status "running"|"done"|"failed"|"cancelled"
local Handle = { __name = "task" }
Handle.__index = Handle

--- The handles of running tasks, by the host's numbers; the first task of a script has one when it
--- asks for it.
local handles = {}

function Handle:__tostring()
  return ("task (%s)"):format(self.status)
end

--- Waits for the task's end and returns its results. Its error is raised here, too.
---@usage task.spawn(function() return 1 end):await()
---@async
function Handle:await()
  if self.status == "running" then
    self._gate = self._gate or host.gate()
    host.pass(self._gate)
  end
  if self.status == "done" then
    return table.unpack(self._results, 2, self._results.n)
  elseif self.status == "failed" then
    error(self._problem, 0)
  end
  error("the task was cancelled", 2)
end

--- Cancels the task, and what it has started. Does not wait for its end.
---@usage handle:cancel()
function Handle:cancel()
  host.cancel(self._number)
end

--- Runs what was put off with `task.defer`, last first. The first error is raised at the end.
local function run_deferred(handle)
  local failed, problem = false, nil
  while handle._deferred and #handle._deferred > 0 do
    local ok, found = pcall(table.remove(handle._deferred))
    if not ok and not failed then
      failed, problem = true, found
    end
  end
  if failed then
    error(problem, 0)
  end
end

--- Ends a task however it ended: open waits are cancelled.
local function settle(handle)
  if handle.status == "running" then
    handle.status = "cancelled"
  end
  handles[handle._number] = nil
  if handle._gate then
    host.open(handle._gate)
    host.close_gate(handle._gate)
  end
  if handle._on_end then
    handle._on_end()
  end
  local scope = handle._scope
  if handle.status == "failed" and not scope.failed then
    scope.failed, scope.failure = true, handle._problem
    host.cancel_scope(scope.number)
    host.wake_scope(scope.number)
  elseif handle.status == "done" and scope.wakes_on_result then
    host.wake_scope(scope.number)
  end
end

--- Keeps where a child failed: error objects get a traceback, of texts the host remembers it.
local function keep_traceback(problem)
  problem = host.place(problem)
  local traceback = debug.traceback(nil, 2)
  if type(problem) == "table" then
    if rawget(problem, "traceback") == nil then
      rawset(problem, "traceback", traceback)
    end
  elseif type(problem) == "string" then
    host.child_failed(problem, traceback)
  end
  return problem
end

--- Settles the handle at [1] when it is closed. What a cancelled task has put off is done here: its
--- function was left by no return and no error.
local Ending = {
  __close = function(self)
    local handle = self[1]
    local settling <close> = setmetatable({}, { __close = function() settle(handle) end })
    if handle._deferred then
      run_deferred(handle)
    end
    local _ = settling
  end,
}

local function spawn_in(scope, fn, ...)
  local handle = setmetatable({ status = "running", _scope = scope, _number = 0 }, Handle)
  local arguments = select("#", ...) > 0 and table.pack(...) or nil
  handle._number = host.spawn(scope.number, function()
    local ending <close> = setmetatable({ handle }, Ending)
    host.checkpoint()
    handles[handle._number] = handle
    local results
    if arguments then
      results = table.pack(xpcall(fn, keep_traceback, table.unpack(arguments, 1, arguments.n)))
    else
      results = table.pack(xpcall(fn, keep_traceback))
    end
    if handle._deferred then
      local ok, problem = pcall(run_deferred, handle)
      if not ok and results[1] then
        results = { n = 2, false, problem }
      end
    end
    local _ = ending
    if results[1] then
      handle.status, handle._results = "done", results
    else
      handle.status, handle._problem = "failed", results[2]
    end
  end)
  return handle
end

-- Scopes --------------------------------------------------------------------------------------

---@class task.Scope
local Scope = { __name = "scope" }
Scope.__index = Scope

--- Starts a task in the scope.
---@usage task.scope(function(scope) scope:spawn(print, "x") end)
---@param fn function
---@param ... any what it is called with
---@return task.Handle
function Scope:spawn(fn, ...)
  if type(fn) ~= "function" then
    error("scope:spawn needs a function, got a " .. type(fn), 2)
  end
  return spawn_in(self, fn, ...)
end

--- Calls a function when the scope ends, for whatever reason; the last deferred runs first.
---@usage task.scope(function(scope) scope:defer(function() print("last") end) end)
---@param fn function
function Scope:defer(fn)
  if type(fn) ~= "function" then
    error("scope:defer needs a function, got a " .. type(fn), 2)
  end
  self._deferred = self._deferred or {}
  table.insert(self._deferred, fn)
end

--- Cancels all tasks of the scope, its body included.
---@usage task.scope(function(scope) scope:spawn(task.sleep, 9) scope:cancel() end)
function Scope:cancel()
  host.cancel_scope(self.number)
end

--- Scopes are left by closing them: what still runs is cancelled and waited for.
function Scope:__close()
  host.close_scope(self.number)
  run_deferred(self)
end

local function open_scope(is_shield)
  return setmetatable({ number = host.open_scope(is_shield == true, false) }, Scope)
end

--- Raises what failed first.
local function check(scope)
  if scope.failed then
    error(scope.failure, 0)
  end
end

local function need_function(fn, name)
  if type(fn) ~= "function" then
    error(("task.%s needs a function, got a %s"):format(name, type(fn)), 3)
  end
end

--- Calls a function with a new scope. Returns its results when all tasks of the scope have ended.
---@usage task.scope(function(scope) scope:spawn(print, "beside") return "done" end)
---@async
---@param body fun(scope: task.Scope): ...
function task.scope(body)
  need_function(body, "scope")
  local scope <close> = open_scope()
  local first = spawn_in(scope, body, scope)
  host.wait_scope(scope.number)
  check(scope)
  if first.status == "cancelled" then
    return nil
  end
  return table.unpack(first._results, 2, first._results.n)
end

--- The scope of a script's own tasks: the script does not end before they have.
local main_scope

--- Starts a child of the current task. A task does not end before its children have ended.
---@usage task.spawn(function() return 1 end):await()
---@param fn function
---@param ... any its arguments
---@return task.Handle
function task.spawn(fn, ...)
  need_function(fn, "spawn")
  local current = handles[host.current_task()]
  local scope
  if current then
    scope = current._children
    if not scope then
      scope = setmetatable({ number = host.open_scope(false, false) }, Scope)
      current._children = scope
      current._deferred = current._deferred or {}
      -- The children are waited for when the task ends by itself.
      table.insert(current._deferred, 1, function()
        local closing <close> = scope
        host.wait_scope(scope.number)
        local _ = closing
        check(scope)
      end)
    end
  else
    if not host.in_script then
      -- An entry of the shell: the task may outlive it, and concerns no other.
      scope = setmetatable({ number = host.open_scope(false, true) }, Scope)
      local handle = spawn_in(scope, fn, ...)
      if host.left_running then
        host.left_running(handle)
      end
      return handle
    end
    main_scope = main_scope or setmetatable({ number = host.open_scope(false, false) }, Scope)
    scope = main_scope
  end
  return spawn_in(scope, fn, ...)
end

local main_deferred = {}

--- Calls a function when the current task ends, for whatever reason; the last deferred runs first.
--- Closing the result calls it earlier: `local cleanup <close> = task.defer(…)`.
---@usage task.scope(function() task.defer(function() print("last") end) end)
---@param fn function
function task.defer(fn)
  need_function(fn, "defer")
  local current = handles[host.current_task()]
  local list = main_deferred
  if current then
    current._deferred = current._deferred or {}
    list = current._deferred
  end
  local is_due = true
  local function run()
    if is_due then
      is_due = false
      fn()
    end
  end
  table.insert(list, run)
  return setmetatable({}, { __close = run })
end

--- What ends a script: its tasks are waited for, or cancelled when it failed, and what it put off
--- is done.
function host.finish_script(failed)
  local scope = main_scope
  main_scope = nil
  local main <close> = setmetatable({}, {
    __close = function() run_deferred({ _deferred = main_deferred }) end,
  })
  if scope then
    local closing <close> = scope
    if not failed then
      host.wait_scope(scope.number)
    end
    local _ = closing
  end
  local _ = main
  if scope and not failed then
    check(scope)
  end
end

-- Several at once -----------------------------------------------------------------------------

--- Calls a function for each element, several at a time, and returns the results in order.
--- The first failure cancels the others and is raised.
---@usage task.map({ 1, 2, 3 }, function(n) return n * n end, { limit = 2 })
---@async
---@generic T, R
---@param list T[]
---@param fn fun(item: T, index: integer): R
---@param options? { limit?: integer } limit: the maximum number of concurrent calls, 32 when not given
---@return R[]
function task.map(list, fn, options)
  need_function(fn, "map")
  if type(list) ~= "table" then
    error("task.map needs a list, got a " .. type(list), 2)
  end
  local limit = host.options(options, "task.map", "limit").limit or 32
  if math.type(limit) ~= "integer" or limit < 1 then
    error("task.map: limit must be a positive integer", 2)
  end
  local results, count, next_index = host.list(), #list, 1
  local scope <close> = open_scope()
  local function work()
    while next_index <= count do
      local index = next_index
      next_index = index + 1
      results[index] = fn(list[index], index)
    end
  end
  for _ = 1, math.min(limit, count) do
    spawn_in(scope, work)
  end
  host.wait_scope(scope.number)
  check(scope)
  return results
end

local function need_functions(functions, name)
  if type(functions) ~= "table" then
    error(("task.%s needs a list of functions, got a %s"):format(name, type(functions)), 3)
  end
  for i, fn in ipairs(functions) do
    if type(fn) ~= "function" then
      error(("task.%s needs functions, got a %s at [%d]"):format(name, type(fn), i), 3)
    end
  end
end

--- Runs functions at once and returns their results in order.
--- The first failure cancels the others and is raised.
---@usage task.all { function() return 1 end, function() return 2 end }
---@async
---@param functions (fun(): any)[]
---@return any[]
function task.all(functions)
  need_functions(functions, "all")
  return task.map(functions, function(fn)
    return fn()
  end, { limit = math.max(1, #functions) })
end

--- Runs functions concurrently and returns the results of the first that ends; the others are
--- cancelled. When the first one to end fails, its error is raised.
---@usage task.race { function() return "first" end, function() task.sleep(9) end }
---@async
---@param functions (fun(): ...)[]
function task.race(functions)
  need_functions(functions, "race")
  if #functions == 0 then
    error("task.race needs at least one function", 2)
  end
  local winner
  do
    local scope <close> = open_scope()
    scope.wakes_on_result = true
    for _, fn in ipairs(functions) do
      spawn_in(scope, function()
        local results = table.pack(fn())
        winner = winner or results
      end)
    end
    host.wait_scope(scope.number)
    if not winner then
      check(scope)
    end
  end
  return table.unpack(winner, 1, winner.n)
end

--- Calls a function with a time limit. When the time is up, the function is cancelled and an error with
--- the code DEADLINE_EXCEEDED is raised, even if the function never waits.
---@usage pcall(task.timeout, 0.01, task.sleep, 9)
---@async
---@param seconds number|string|userdata seconds, or a duration such as "10m"
---@param fn function
---@param ... any its arguments
function task.timeout(seconds, fn, ...)
  need_function(fn, "timeout")
  local scope <close> = open_scope()
  local child = spawn_in(scope, fn, ...)
  local in_time = host.wait_scope(scope.number, seconds)
  check(scope)
  if child.status == "done" then
    return table.unpack(child._results, 2, child._results.n)
  end
  if in_time then
    error("the task was cancelled", 2)
  end
  error(host.error {
    code = "DEADLINE_EXCEEDED",
    message = ("not done within %s"):format(
      type(seconds) == "number" and seconds .. " s" or tostring(seconds)),
  }, 2)
end

--- Calls a function that runs to its end even if the current task is cancelled.
---@usage task.shield(function() return "whole" end)
---@async
---@param fn function
---@param ... any its arguments
function task.shield(fn, ...)
  need_function(fn, "shield")
  local scope <close> = open_scope(true)
  local child = spawn_in(scope, fn, ...)
  host.wait_scope(scope.number)
  check(scope)
  if child.status ~= "done" then
    error("the task was cancelled", 2)
  end
  return table.unpack(child._results, 2, child._results.n)
end

---@class task.Channel
---@field send fun(self: task.Channel, value: any) waits while it is full
---@field receive fun(self: task.Channel): any waits while it is empty; nil when it is closed
---@field each fun(self: task.Channel): fun(): any
---@field close fun(self: task.Channel)

--- Creates a channel. Sending waits while it is full, receiving waits while it is empty.
---@usage local c = task.channel(1) c:send("x") return c:receive()
---@param capacity? integer how many values it holds; 0 when not given: sending waits for a receiver
---@return task.Channel
function task.channel(capacity)
  capacity = capacity or 0
  if math.type(capacity) ~= "integer" or capacity < 0 then
    error("task.channel: the capacity must be a non-negative integer", 2)
  end
  return host.part("task.channel")(capacity)
end

return task
