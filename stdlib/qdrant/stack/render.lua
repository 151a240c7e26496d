--- A plan as people read it.
local host = ...

local term = require "term"
local units = require "qdrant.resource.units"

local MARKS = { create = "+", update = "~", replace = "-/+", delete = "-", wait = "…", adopt = ">" }
local STYLES = { create = "green", update = "yellow", replace = "red", delete = "red",
  wait = "yellow", adopt = "cyan" }

--- A value in one line.
local function shown(value)
  if value == nil then
    return "(none)"
  elseif type(value) == "table" then
    local parts = {}
    for _, item in ipairs(value) do
      if type(item) ~= "table" then
        parts[#parts + 1] = tostring(item)
      elseif rawget(item, "key") ~= nil then
        parts[#parts + 1] = item.key .. "=" .. tostring(item.value or "")
      elseif rawget(item, "value") ~= nil then
        parts[#parts + 1] = tostring(item.value)
      else
        parts[#parts + 1] = (host.show(item):gsub("%s+", " "))
      end
    end
    if #value == 0 and next(value) ~= nil then
      return (host.show(value):gsub("%s+", " "))
    end
    return #parts > 0 and table.concat(parts, ", ") or "(none)"
  end
  return tostring(value)
end

--- What was added to a list and what was taken from it, when that says more than both lists.
local function list_change(from, to)
  local had, has = {}, {}
  local function text(item)
    return shown { item }
  end
  for _, item in ipairs(from or {}) do
    had[text(item)] = true
  end
  for _, item in ipairs(to or {}) do
    has[text(item)] = true
  end
  local parts = {}
  for _, name in ipairs(host.sorted_keys(has)) do
    if not had[name] then
      parts[#parts + 1] = "+" .. name
    end
  end
  for _, name in ipairs(host.sorted_keys(had)) do
    if not has[name] then
      parts[#parts + 1] = "-" .. name
    end
  end
  return table.concat(parts, " ")
end

--- A change in one line: `configuration.number_of_nodes  1 → 3`.
local function change_text(change)
  if change.text then
    return change.text
  end
  local is_list = type(change.to) == "table" and #change.to > 0
    or type(change.from) == "table" and #change.from > 0
  if is_list then
    return list_change(change.from, change.to)
  end
  return shown(change.from) .. " → " .. shown(change.to)
end

local function short(path)
  return (path:gsub("^configuration%.", ""):gsub("^database_configuration%.", ""))
end

local function price_text(price, currency)
  if not price or not (price.before or price.after) then
    return nil
  end
  local before, after = price.before or 0, price.after or 0
  if price.before and price.after and math.abs(before - after) > 1e-9 then
    return ("%.4f → %.4f %s an hour"):format(before, after, currency)
  elseif price.before and not price.after then
    return ("-%.4f %s an hour"):format(before, currency)
  elseif price.after and not price.before then
    return ("%.4f %s an hour"):format(after, currency)
  end
end

local render = {}

render.value = shown

--- The lines of one action.
function render.action(action, currency)
  local lines = {}
  local mark = action.problem and "!" or MARKS[action.verb]
  local style = action.problem and "bold red" or STYLES[action.verb]
  local head = ("%-3s %s %s"):format(mark, action.kind, action.name)
  local extra = { action.text }
  extra[#extra + 1] = price_text(action.price, currency or "")
  local text = term.style(style, term.safe(head))
  if #extra > 0 then
    text = text .. "  " .. term.safe(table.concat(extra, ", "))
  end
  lines[1] = text
  local width = 0
  for _, change in ipairs(action.changes) do
    width = math.max(width, #short(change.path))
  end
  for _, change in ipairs(action.changes) do
    lines[#lines + 1] = ("      %-" .. width .. "s  %s"):format(short(change.path),
      term.safe(change_text(change)))
  end
  for _, warning in ipairs(not action.problem and action.warnings or {}) do
    lines[#lines + 1] = "      " .. term.style("yellow", "caution: " .. term.safe(warning))
  end
  if action.problem then
    lines[#lines + 1] = "      " .. term.style("bold red", "refused: " .. term.safe(action.problem))
  end
  return lines
end

local WORDS = { "adopt", "create", "update", "replace", "delete", "wait" }
local SAID = { create = "to create", update = "to change", replace = "to replace",
  delete = "to delete", wait = "to wait for", adopt = "to take over" }

--- How much there is to do, and what it costs.
function render.summary(plan)
  local counts, refused, before, after = {}, 0, 0, 0
  local has_price = false
  for _, action in ipairs(plan.actions) do
    if action.problem then
      refused = refused + 1
    elseif action.verb then
      counts[action.verb] = (counts[action.verb] or 0) + 1
    end
    if action.price and not action.problem then
      has_price = has_price or action.price.before ~= nil or action.price.after ~= nil
      before, after = before + (action.price.before or 0), after + (action.price.after or 0)
    end
  end
  local parts = {}
  for _, verb in ipairs(WORDS) do
    if counts[verb] then
      parts[#parts + 1] = ("%d %s"):format(counts[verb], SAID[verb])
    end
  end
  if refused > 0 then
    parts[#parts + 1] = ("%d refused"):format(refused)
  end
  local text = #parts > 0 and table.concat(parts, ", ") .. "."
    or "Nothing to do: everything is as declared."
  local change = after - before
  if has_price and plan.currency and math.abs(change) > 1e-9 then
    text = ("%s %s%.4f %s an hour, %s%.2f a month."):format(text, change < 0 and "-" or "+",
      math.abs(change), plan.currency, change < 0 and "-" or "+",
      math.abs(change) * units.HOURS_A_MONTH)
  end
  return text
end

--- The whole plan.
function render.plan(plan)
  local lines = {
    term.style("bold", ("Stack %s, account %s"):format(plan.name, plan.account or "?")), "",
  }
  local is_empty = true
  for _, action in ipairs(plan.actions) do
    if action.verb then
      is_empty = false
      for _, line in ipairs(render.action(action, plan.currency)) do
        lines[#lines + 1] = "  " .. line
      end
    end
  end
  if not is_empty then
    lines[#lines + 1] = ""
  end
  for _, note in ipairs(plan.notes) do
    lines[#lines + 1] = term.style("dim", "note: ") .. term.safe(note)
  end
  lines[#lines + 1] = render.summary(plan)
  return table.concat(lines, "\n")
end

--- A plan as plain data, for programs.
function render.data(plan)
  local actions = host.list()
  for _, action in ipairs(plan.actions) do
    if action.verb then
      local changes = host.list()
      for i, change in ipairs(action.changes) do
        changes[i] = { path = change.path, from = change.from, to = change.to }
      end
      actions[#actions + 1] = {
        action = action.verb, kind = action.kind, name = action.name, changes = changes,
        price_before = action.price and action.price.before,
        price_after = action.price and action.price.after, refused = action.problem,
        warnings = action.warnings and #action.warnings > 0 and action.warnings or nil,
      }
    end
  end
  return {
    stack = plan.name, account = plan.account, currency = plan.currency, actions = actions,
    digest = plan.digest, notes = #plan.notes > 0 and plan.notes or nil,
  }
end

--- What came of carrying a plan out, as plain data.
function render.result(result)
  local done, failed, skipped = host.list(), host.list(), host.list()
  for i, action in ipairs(result.done) do
    done[i] = { action = action.verb, kind = action.kind, name = action.name }
  end
  for i, one in ipairs(result.failed) do
    failed[i] = { action = one.action.verb, kind = one.action.kind, name = one.action.name,
      problem = tostring(one.problem) }
  end
  for i, one in ipairs(result.skipped) do
    skipped[i] = { action = one.action.verb, kind = one.action.kind, name = one.action.name,
      missing = one.missing }
  end
  return { done = done, failed = failed, skipped = skipped }
end

return render
