--- How a spec ends other than well: failed assertions, pending ones, errors; and their texts.
local host = ...

local getinfo, traceback, throw = debug.getinfo, debug.traceback, host.throw

local failures = {}

--- What assertions raise; a message that cannot be a text is shown as the value that it is.
local Failure = {
  __name = "failure",
  __tostring = function(self)
    return failures.text(self.message)
  end,
}

--- The error that ends a spec without a body.
local Pending = {
  __name = "pending",
  __tostring = function(self)
    return failures.text(self.message)
  end,
}

--- An error together with the place that it comes from.
local Problem = {}

--- What luassert can add about the values of the assertion that fails.
local detail

--- Notes a line that the next failure shows.
function failures.explain(text)
  detail = text
end

local function has_text(value)
  return type(value) == "string" or type((host.metatable_of(value) or {}).__tostring) == "function"
end

--- Ends a spec as failed. `level` is that of `error`.
function failures.fail(message, level)
  local text, number = message, type(level) == "number" and level or 1
  if type(message) == "string" and number > 0 then
    local info = getinfo(number + 1, "Sl")
    if info and info.currentline > 0 then
      text = ("%s:%d: %s"):format(info.short_src, info.currentline, message)
    end
  end
  local failure = setmetatable({ message = text }, Failure)
  failure.detail, detail = detail, nil
  throw(failure, 0)
end

--- Ends a spec as pending.
function failures.pending(message)
  throw(setmetatable({ message = message }, Pending), 0)
end

--- A text of any value.
function failures.text(value)
  if has_text(value) then
    return tostring(value)
  end
  local ok, text = pcall(host.show, value)
  return ok and text or tostring(value)
end

--- A handler of xpcall: notes the kind of an error and the place that it comes from.
function failures.problem(value)
  local metatable = type(value) == "table" and host.metatable_of(value)
  if metatable == Problem then
    return value
  elseif metatable == Failure then
    return setmetatable({ kind = "failure", value = value }, Problem)
  elseif metatable == Pending then
    return setmetatable({ kind = "pending", value = value }, Problem)
  end
  -- Tasks note where theirs come from.
  local trace = type(value) == "table" and rawget(value, "traceback") or traceback(nil, 2)
  return setmetatable({ kind = "error", value = value, trace = trace }, Problem)
end

--- A problem as people read it: its message, details and the frames of specs.
function failures.describe(problem)
  if problem.kind == "pending" then
    return problem.value.message ~= nil and tostring(problem.value) or nil
  end
  local lines = { problem.value == nil and "nil" or failures.text(problem.value) }
  if problem.kind == "failure" then
    lines[2] = problem.value.detail
  elseif type(problem.trace) == "string" then
    for line in problem.trace:gmatch("[^\n]+") do
      -- Frames of the library and of C say nothing.
      if not line:find("^%s*%[") and not line:find("stack traceback") then
        lines[#lines + 1] = line
      end
    end
  end
  return table.concat(lines, "\n")
end

return failures
