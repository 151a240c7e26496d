--- Desired state: a stack declares resources, a plan lists the changes that they need, and applying it
--- makes these changes. There is no state file: the cloud is the state. A stack identifies its clusters
--- and spaces by name and by the label `qcsh-stack`, and the resources in them by name.
local host = ...

local Context = require "qdrant.stack.context"
local form = require "qdrant.stack.form"
local qdrant = require "qdrant"
local resource = require "qdrant.resource"

---@class qdrant.Plan
---@field name string
---@field account? string
---@field actions table[] each with verb, kind, name, changes, price, warnings and problem
---@field notes string[] remarks for the reader
---@field currency? string of the prices
---@field has_changes boolean
---@field is_refused boolean whether it contains a change that is not allowed
---@field digest string plans with the same digest make the same changes

local stack = {}

--- The kinds of things in the order in which they are planned.
local KINDS = { "environments", "clusters", "spaces", "roles" }
local PARTS = { environments = "environments", clusters = "clusters", spaces = "spaces",
  roles = "access" }

--- Checks that a declaration has the form of one. Mistakes in a file have their line.
local function check(declared, file)
  local mistake, path = form.mistake(declared)
  if mistake and file then
    error(require("qdrant.stack.place").of_path(file, path) .. ": " .. mistake, 0)
  elseif mistake then
    host.blame(mistake)
  end
  return declared
end

--- Calls the function of a stack with its variables. One that it does not read is an error: it is
--- misspelt, or has no effect.
local function call_with(variables, declare, path)
  local read = {}
  local declared = declare(setmetatable({}, {
    __index = function(_, name)
      read[name] = true
      return variables[name]
    end,
    __pairs = function()
      for name in pairs(variables) do
        read[name] = true
      end
      return next, variables, nil
    end,
  }))
  for _, name in ipairs(host.sorted_keys(variables)) do
    if not read[name] then
      local near = host.nearest_name(name, read)
      local names = {}
      for i, one in ipairs(host.sorted_keys(read)) do
        names[i] = tostring(one)
      end
      resource.fail("UNKNOWN_VARIABLE", ("%s does not read the variable \"%s\"%s"):format(path,
        name, near and "; did you mean \"" .. near .. "\"?"
        or #names > 0 and "; it reads " .. table.concat(names, ", ") or ""))
    end
  end
  return declared
end

--- Reads a stack from a file. The file returns a table, or a function that takes variables and
--- returns one.
---@usage fs.write("/tmp/empty-stack.lua", "return { name = 'empty' }") print(stack.load("/tmp/empty-stack.lua").name)
---@param path string
---@param variables? table<string, string> the function must read each of them
---@return qdrant.Stack
function stack.load(path, variables)
  local chunk, problem = loadfile(path)
  if not chunk then
    error(problem, 0)
  end
  local declared = chunk()
  if type(declared) == "function" then
    declared = call_with(variables or {}, declared, path)
  elseif variables and next(variables) ~= nil then
    resource.fail("UNKNOWN_VARIABLE", ("%s takes no variables: it must return a function to read "
      .. "\"%s\""):format(path, host.sorted_keys(variables)[1]))
  end
  return check(declared, path)
end

--- A value in a form in which the same is always written the same; a function is not part of its
--- business.
local function canonical(value)
  if type(value) ~= "table" then
    return type(value) == "function" and "function" or type(value) .. " " .. tostring(value)
  end
  local parts = {}
  for i, key in ipairs(host.sorted_keys(value)) do
    parts[i] = { tostring(key), canonical(value[key]) }
  end
  return host.list(parts)
end

--- What makes a plan this one: where and what for it was made, what it does, and what it has seen.
local function digest_of(plan, context)
  local seen = {}
  for i, action in ipairs(plan.actions) do
    local changes = {}
    for j, change in ipairs(action.changes) do
      changes[j] = { change.path, host.show(change.from), host.show(change.to) }
    end
    seen[i] = {
      verb = action.verb, key = action.key, changes = changes, problem = action.problem,
      present = action.present and action.present.id,
      spec = action.verb and canonical(action.spec) or nil,
    }
  end
  return require("crypto").sha256(host.json_encode {
    stack = plan.name, account = plan.account, actions = host.list(seen),
    destroying = context.is_destroying == true, adopting = context.is_adopting == true,
  })
end

local function finish(context)
  for owner, names in pairs(context.undeclared) do
    table.sort(names)
    context:note(("%s has undeclared resources, which stay: %s"):format(owner, table.concat(names,
      ", ")))
  end
  table.sort(context.notes)
  local plan = {
    name = context.stack.name, account = context.connection.session.account_id,
    actions = context.actions, notes = context.notes, currency = context.currency,
    has_changes = false, is_refused = false,
  }
  for _, action in ipairs(plan.actions) do
    if context.is_adopting and action.adopt then
      action.verb, action.apply, action.problem = "adopt", action.adopt, nil
      action.changes, action.price, action.warnings, action.text = {}, nil, nil, nil
    elseif context.is_adopting and not action.is_refusal then
      action.verb, action.problem = nil, nil
    end
    plan.has_changes = plan.has_changes or action.verb ~= nil
    if action.problem then
      plan.is_refused = true
      action.verb = action.verb or "update"
    end
  end
  plan.digest = digest_of(plan, context)
  return plan
end

---@class qdrant.stack.Options
---@field connection? table default: `qdrant`
---@field adopt? boolean adopts existing resources that have a declared name

---@class qdrant.stack.Application: qdrant.stack.Options
---@field parallel? integer how many changes run at once
---@field report? fun(line: string) called with a line for each finished change
---@field destroy? boolean whether the plan is one of `plan_destroy`

local PLANNING = "connection adopt"

--- Compares the declaration with the existing resources and plans the changes.
---@usage stack.plan({ name = "empty" }).has_changes
---@async
---@param declared qdrant.Stack
---@param options? qdrant.stack.Options
---@return qdrant.Plan
function stack.plan(declared, options)
  options = resource.options(options, "stack.plan", PLANNING)
  local context = Context.new(options.connection or qdrant, check(declared))
  context.is_adopting = options.adopt
  for _, kind in ipairs(KINDS) do
    require("qdrant.stack." .. PARTS[kind]).plan(context)
  end
  return finish(context)
end

--- Plans to delete everything that a stack has declared or created.
---@usage stack.plan_destroy({ name = "empty" }).has_changes
---@async
---@param declared qdrant.Stack
---@param options? qdrant.stack.Options
---@return qdrant.Plan
function stack.plan_destroy(declared, options)
  options = resource.options(options, "stack.plan_destroy", PLANNING)
  local context = Context.new(options.connection or qdrant, check(declared))
  context.is_destroying = true
  for _, kind in ipairs(KINDS) do
    local part = require("qdrant.stack." .. PARTS[kind])
    local removed = {}
    for _, name in ipairs(host.sorted_keys(declared[kind] or {})) do
      local present = context:find(kind, name)
      -- What was never the stack's own stays: clusters and spaces say whose they are.
      local is_ours = present and (kind == "environments" or kind == "roles"
        or context:is_ours(present))
      if is_ours and not (kind == "roles" and present.role_type ~= "ROLE_TYPE_CUSTOM") then
        removed[present.id] = true
        part.remove(context, present)
      end
    end
    if kind == "clusters" or kind == "spaces" then
      for _, item in ipairs(context:list(kind)) do
        if context:is_ours(item) and not removed[item.id] then
          part.remove(context, item)
        end
      end
    end
  end
  return finish(context)
end

--- Applies a plan. Plans again first, and fails if anything has changed since the plan was made.
--- Independent changes run in parallel. A second run continues where the first one stopped.
---@usage local s = { name = "empty" } stack.apply(s, stack.plan(s))
---@async
---@param declared qdrant.Stack
---@param plan qdrant.Plan|string the plan, or its digest
---@param options? qdrant.stack.Application
---@return { done: table[], failed: table[], skipped: table[] }
function stack.apply(declared, plan, options)
  options = resource.options(options, "stack.apply", PLANNING, "parallel report destroy")
  local make = options.destroy and stack.plan_destroy or stack.plan
  local present = make(declared, { connection = options.connection, adopt = options.adopt })
  local digest = type(plan) == "table" and plan.digest or plan
  if present.digest ~= digest then
    resource.fail("ABORTED", "the account has changed since the plan was made; plan again",
      { plan = present })
  elseif present.is_refused then
    local reasons = {}
    for _, action in ipairs(present.actions) do
      if action.problem then
        reasons[#reasons + 1] = ("%s %s: %s"):format(action.kind, action.name, action.problem)
      end
    end
    resource.fail("FAILED_PRECONDITION", table.concat(reasons, "; "))
  end
  return require "qdrant.stack.run"(present, options)
end

--- A plan as a string, for people.
---@usage stack.text(stack.plan { name = "empty" })
---@param plan qdrant.Plan
---@return string
function stack.text(plan)
  return require("qdrant.stack.render").plan(plan)
end

--- A plan as plain data, for programs.
---@usage stack.data(stack.plan { name = "empty" }).actions
---@param plan qdrant.Plan
---@return table
function stack.data(plan)
  return require("qdrant.stack.render").data(plan)
end

return stack
