--- Carries a plan out: what does not depend on each other side by side, what does in its order.
local host = ...

local task = require "task"
local term = require "term"

--- How many actions run at once.
local PARALLEL = 8

local function label(action)
  return action.kind .. " " .. action.name
end

--- Carries out what a plan says.
---@async
---@param plan table
---@param options { parallel?: integer, report?: fun(line: string) }
---@return { done: table[], failed: table[], skipped: table[] }
return function(plan, options)
  local result = { done = {}, failed = {}, skipped = {} }
  local report = options.report or function() end
  local gates, states = {}, {}
  for _, action in ipairs(plan.actions) do
    if action.verb then
      gates[action.key] = gates[action.key] or task.channel()
      states[action.key] = "open"
    end
  end
  --- Whether what an action builds on is there.
  local function wait_for(action)
    for _, key in ipairs(action.after) do
      if gates[key] then
        gates[key]:receive()
        if states[key] ~= "done" then
          return key
        end
      end
    end
  end
  local slots = task.channel(options.parallel or PARALLEL)
  task.scope(function(scope)
    for _, action in ipairs(plan.actions) do
      if action.verb then
        scope:spawn(function()
          local missing = wait_for(action)
          if missing then
            states[action.key] = "skipped"
            result.skipped[#result.skipped + 1] = { action = action, missing = missing }
            report(("skipped %s: %s was not done"):format(label(action), missing))
            gates[action.key]:close()
            return
          end
          slots:send(true)
          local began = host.monotonic()
          local line <close> = term.spinner(("%s: %s"):format(label(action), action.verb))
          local ok, problem = pcall(action.apply)
          line:close()
          slots:receive()
          local took = require("time").human(host.monotonic() - began)
          if ok then
            states[action.key] = "done"
            result.done[#result.done + 1] = action
            report(("%-7s %s, %s"):format(action.verb, label(action), took))
          else
            states[action.key] = "failed"
            result.failed[#result.failed + 1] = { action = action, problem = problem }
            report(("FAILED  %s: %s"):format(label(action), tostring(problem)))
          end
          gates[action.key]:close()
        end)
      end
    end
  end)
  return result
end
