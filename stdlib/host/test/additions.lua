--- What qcsh adds to luassert: assertions about errors of scripts and parts of values, and a line that
--- says where long values differ.
local host = ...

local failures = host.part("test.failures")

local function contains(whole, part, compare)
  if type(whole) == "string" then
    return whole:find(tostring(part), 1, true) ~= nil
  end
  for _, value in pairs(whole) do
    if compare(part, value, true) then
      return true
    end
  end
  return false
end

--- Whether an error has a text, or the fields of a table.
local function fits(problem, expected, compare)
  if type(expected) ~= "table" then
    return failures.text(problem):find(tostring(expected), 1, true) ~= nil
  end
  if type(problem) ~= "table" then
    return false
  end
  for key, value in pairs(expected) do
    if not compare(value, problem[key], true) then
      return false
    end
  end
  return true
end

local function register(luassert, say, compare)
  say:set("assertion.contains.positive", "Expected:\n%s\nto be in:\n%s")
  say:set("assertion.contains.negative", "Did not expect:\n%s\nto be in:\n%s")
  luassert:register("assertion", "contains", function(_, arguments)
    return contains(arguments[2], arguments[1], compare)
  end, "assertion.contains.positive", "assertion.contains.negative")

  say:set("assertion.raises.positive", "Expected an error with:\n%s\nCaught:\n%s")
  say:set("assertion.raises.negative", "Did not expect an error with:\n%s\nCaught:\n%s")
  luassert:register("assertion", "raises", function(_, arguments)
    local body, expected = arguments[1], arguments[2]
    local ok, problem = pcall(body)
    arguments[1] = expected == nil and "(any)" or expected
    arguments[2] = ok and "(no error)" or type(expected) == "table" and problem
      or failures.text(problem)
    arguments.nofmt = { expected == nil, ok }
    arguments.n = 2
    return not ok and (expected == nil or fits(problem, expected, compare)), { problem }
  end, "assertion.raises.positive", "assertion.raises.negative")
end

--- How deep tables are shown.
local SHOWN = 3
--- Texts that are at least this long, or of several lines, are compared by place.
local LONG = 60

local function short(value)
  local text = type(value) == "string" and ("%q"):format(value):gsub("\\\n", "\\n")
    or failures.text(value)
  return #text > 200 and text:sub(1, 200):gsub("[\x80-\xBF]*$", "") .. "…" or text
end

--- Where two tables differ, at the end of a way that luassert found.
local function difference_of_tables(got, expected, crumbs)
  local place = ""
  for i = #crumbs, 1, -1 do
    local key = crumbs[i]
    place = place .. (type(key) == "string" and key:find("^[%a_][%w_]*$") and "." .. key
      or "[" .. short(key) .. "]")
    got = type(got) == "table" and rawget(got, key)
    expected = type(expected) == "table" and rawget(expected, key)
  end
  return ("They differ at %s: %s, expected %s"):format(place, short(got), short(expected))
end

local function difference_of_texts(got, expected)
  local at, line, column = 1, 1, 1
  while got:byte(at) == expected:byte(at) do
    if got:byte(at) == 10 then
      line, column = line + 1, 0
    end
    at, column = at + 1, column + 1
  end
  return ("They differ from line %d, column %d on: %s, expected %s"):format(line, column,
    short(got:sub(at, at + 40)), short(expected:sub(at, at + 40)))
end

local function difference(arguments)
  local got, expected = arguments[1], arguments[2]
  local crumbs = arguments.fmtargs and arguments.fmtargs[1] and arguments.fmtargs[1].crumbs
  if crumbs and #crumbs > SHOWN then
    return difference_of_tables(got, expected, crumbs)
  elseif type(got) == "string" and type(expected) == "string"
    and (#expected >= LONG or expected:find("\n", 1, true)) then
    return difference_of_texts(got, expected)
  end
end

--- Has failures of comparisons say where the values differ.
local function explain(assertions)
  for _, name in ipairs { "same", "equal", "equals" } do
    local assertion = assertions[name]
    local compare = assertion.callback
    assertion.callback = function(state, arguments, level)
      local holds, values = compare(state, arguments, (level or 1) + 1)
      -- `mod` is false after `not`.
      if not holds and state.mod then
        failures.explain(difference(arguments))
      end
      return holds, values
    end
  end
end

---@param luassert table
---@param say table
---@param load fun(name: string): any loads a module of luassert
return function(luassert, say, load)
  register(luassert, say, load("luassert.util").deepcompare)
  explain(load("luassert.namespaces").assertion)
end
