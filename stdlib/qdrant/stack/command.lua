--- `qcsh plan`, `apply`, `drift`, `destroy` and `adopt`.
local host = ...

local qdrant = require "qdrant"
local place = require "qdrant.stack.place"
local stack = require "qdrant.stack"
local term = require "term"

--- Exit statuses: the plan has changes; some of it was done.
local CHANGES, PARTLY = 10, 9

--- How plans and what came of them can be shown.
local OUTPUTS = { table = true, wide = true, tree = true, json = true, jsonl = true, yaml = true }
--- Formats for programs: nothing else is printed.
local DATA = { json = true, jsonl = true, yaml = true }

local function say(...)
  host.term_write(table.concat({ ... }) .. "\n")
end

--- Writes data as it was asked for; false when that is text.
local function write(data, request)
  if request.output == "yaml" then
    io.write(require("yaml").encode(data))
  elseif DATA[request.output] then
    print(require("json").encode(data))
  end
  return DATA[request.output] or false
end

local function show(plan, request)
  if not write(stack.data(plan), request) then
    print(stack.text(plan))
  end
end

local function confirm(request, question)
  if request.yes then
    return true
  elseif not term.is_terminal("stdin") then
    say("not a terminal; use --yes to confirm")
    return false
  end
  return term.confirm(question, false)
end

local function write_plan(request, plan)
  local data = stack.data(plan)
  data.file, data.verb = request.file, request.verb
  require("fs").write(request.out, require("json").encode(data) .. "\n")
  say("wrote the plan to ", request.out)
end

--- Carries out what was planned, or what is asked for.
local function apply(request, declared, options)
  local make = options.destroy and stack.plan_destroy or stack.plan
  local digest, saved
  if request.plan then
    local ok
    ok, saved = pcall(require("json").decode, require("fs").read(request.plan))
    saved = ok and saved
    if type(saved) ~= "table" or type(saved.digest) ~= "string" then
      error(request.plan .. " is not a plan that was saved with --out", 0)
    elseif saved.stack ~= declared.name then
      error(("%s is a plan for the stack \"%s\""):format(request.plan, tostring(saved.stack)), 0)
    end
    digest = saved.digest
  end
  local plan = make(declared, { adopt = options.adopt })
  if saved and saved.account ~= plan.account then
    error(("%s is a plan for the account %s, not for %s"):format(request.plan,
      tostring(saved.account), tostring(plan.account)), 0)
  elseif qdrant.is_dry_run() then
    show(plan, request)
    return plan.is_refused and 6 or plan.has_changes and CHANGES or 0
  elseif not plan.has_changes and (digest == nil or digest == plan.digest) then
    show(plan, request)
    return 0
  end
  if digest == nil then
    -- On standard error: what was done is the result.
    say(stack.text(plan))
    if plan.is_refused then
      say("", "refused: nothing was changed")
      return 6
    elseif not confirm(request, "Apply these changes?") then
      say("nothing was changed")
      return 1
    end
    digest = plan.digest
  end
  options.parallel = request.parallel
  options.report = function(line)
    (DATA[request.output] and say or print)(term.safe(line))
  end
  local result = stack.apply(declared, digest, options)
  write(require("qdrant.stack.render").result(result), request)
  local text = ("%d done"):format(#result.done)
  if #result.failed + #result.skipped > 0 then
    say(text, (", %d failed, %d skipped; a second run continues here"):format(#result.failed,
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

--- The differences from the declaration, as a person would describe them.
function verbs.drift(request, declared)
  local plan = stack.plan(declared)
  if write(stack.data(plan), request) then
    return plan.has_changes and CHANGES or 0
  end
  local words = { create = "does not exist", delete = "exists, but is no longer declared",
    wait = "is not ready", update = "differs from its declaration",
    replace = "differs from its declaration" }
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
    say("everything is as declared")
  end
  return count > 0 and CHANGES or 0
end

--- Keeps where an error object was raised: the file of the stack is not on the stack later.
local function keep_place(problem)
  if type(problem) == "table" and rawget(problem, "traceback") == nil then
    rawset(problem, "traceback", debug.traceback(nil, 2))
  end
  return problem
end

--- Runs a command; returns the exit status.
---@async
---@param request table
---@return integer
return function(request)
  local verb = verbs[request.verb]
  if request.output and not OUTPUTS[request.output] then
    say("qcsh: --output must be table, json, jsonl or yaml for stacks, got ", request.output)
    return 2
  end
  if request.verb == "adopt" and not require("fs").exists(request.file) then
    local text = require "qdrant.stack.export"(request.names or {}, request.file)
    require("fs").write(request.file, text)
    say("wrote ", request.file)
  end
  if not require("fs").exists(request.file) then
    say("qcsh: file not found: ", request.file)
    return 2
  end
  local ok, result = xpcall(function()
    return verb(request, stack.load(request.file, request.variables))
  end, keep_place)
  if not ok then
    if type(result) == "table" and result.code == "UNKNOWN_VARIABLE" then
      say("qcsh: --var: ", result.message)
      return 2
    elseif type(result) == "table" then
      if not tostring(rawget(result, "traceback")):find(request.file .. ":", 1, true) then
        rawset(result, "place", place.of_words(request.file, tostring(result)))
      end
      error(result, 0)
    elseif tostring(result):find("^[^%s]-:%d+: ")
      or tostring(result):find(request.file .. ":", 1, true) == 1 then
      error(result, 0)
    end
    error(place.of_words(request.file, tostring(result)) .. ": " .. tostring(result), 0)
  end
  return result
end
