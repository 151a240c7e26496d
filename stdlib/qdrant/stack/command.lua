--- `qcsh plan`, `apply`, `drift`, `destroy` and `adopt`.
local stack = require "qdrant.stack"
local term = require "term"

--- Exit statuses: the plan has changes; some of it was done.
local CHANGES, PARTLY = 10, 9

local function say(...)
  io.stderr:write(table.concat({ ... }), "\n")
end

local function show(plan, request)
  if request.output == "json" then
    print(require("json").encode(stack.data(plan)))
  else
    print(stack.text(plan))
  end
end

local function confirm(request, question)
  if request.yes then
    return true
  elseif not term.is_terminal("stdin") then
    say("nobody is there to confirm: --yes does so")
    return false
  end
  return term.confirm(question, false)
end

local function write_plan(request, plan)
  local data = stack.data(plan)
  data.file, data.verb = request.file, request.verb
  require("fs").write(request.out, require("json").encode(data) .. "\n")
  say("the plan is in ", request.out)
end

--- Carries out what was planned, or what is asked for.
local function apply(request, declared, options)
  local make = options.destroy and stack.plan_destroy or stack.plan
  local digest
  if request.plan then
    local saved = require("json").decode(require("fs").read(request.plan))
    if saved.stack ~= declared.name then
      error(("%s is a plan of the stack \"%s\""):format(request.plan, saved.stack), 0)
    end
    digest = saved.digest
  end
  local plan = make(declared, options)
  if not plan.has_changes then
    show(plan, request)
    return 0
  end
  if digest == nil then
    -- On standard error: what was done is the result.
    say(stack.text(plan))
    if plan.is_refused then
      say("", "refused: nothing was done")
      return 6
    elseif not confirm(request, "Do this?") then
      say("nothing was done")
      return 1
    end
    digest = plan.digest
  end
  options.parallel = request.parallel
  options.report = function(line)
    print(term.safe(line))
  end
  local result = stack.apply(declared, digest, options)
  local text = ("%d done"):format(#result.done)
  if #result.failed + #result.skipped > 0 then
    say(text, (", %d failed, %d skipped; a second run goes on from here"):format(#result.failed,
      #result.skipped))
    return #result.done > 0 and PARTLY or 6
  end
  say(text)
  return 0
end

local verbs = {}

function verbs.plan(request, declared)
  local plan = (request.destroy and stack.plan_destroy or stack.plan)(declared)
  show(plan, request)
  if request.out then
    write_plan(request, plan)
  end
  return plan.is_refused and 6 or plan.has_changes and CHANGES or 0
end

function verbs.apply(request, declared)
  return apply(request, declared, {})
end

function verbs.destroy(request, declared)
  return apply(request, declared, { destroy = true })
end

function verbs.adopt(request, declared)
  return apply(request, declared, { adopt = true })
end

--- What is not as declared, in the words of whoever wonders what has happened.
function verbs.drift(request, declared)
  local plan = stack.plan(declared)
  if request.output == "json" then
    print(require("json").encode(stack.data(plan)))
    return plan.has_changes and CHANGES or 0
  end
  local words = { create = "is not there", delete = "is there, but not declared any longer",
    wait = "is not ready", update = "is not as declared", replace = "is not as declared" }
  local count = 0
  for _, action in ipairs(plan.actions) do
    if action.verb then
      count = count + 1
      print(term.safe(("%s %s %s"):format(action.kind, action.name, words[action.verb])))
      for _, change in ipairs(action.changes) do
        print(term.safe(("  %s: declared %s, is %s"):format(change.path,
          require("qdrant.stack.render").value(change.to),
          require("qdrant.stack.render").value(change.from))))
      end
      if action.problem then
        print("  " .. term.safe(action.problem))
      end
    end
  end
  if count == 0 then
    say("all is as declared")
  end
  return count > 0 and CHANGES or 0
end

--- Runs a command; returns the exit status.
---@async
---@param request table
---@return integer
return function(request)
  local verb = verbs[request.verb]
  local declared
  if request.verb == "adopt" and not require("fs").exists(request.file) then
    local text = require "qdrant.stack.export"(request.names or {}, request.file)
    require("fs").write(request.file, text)
    say("wrote ", request.file)
  end
  if not require("fs").exists(request.file) then
    say("qcsh: there is no ", request.file)
    return 2
  end
  declared = stack.load(request.file, request.variables)
  return verb(request, declared)
end
