--- Assertions in luassert's words: `assert.are.equal(2, n)`, `assert.is_not_nil(x)`.
local host = ...

local function show(value)
  local ok, text = pcall(host.show, value)
  if type(value) == "string" or not ok then
    return type(value) == "string" and ("%q"):format(value):gsub("\\\n", "\\n") or tostring(value)
  end
  return text
end

local function deep_equal(a, b, seen)
  if rawequal(a, b) or a == b then
    return true
  end
  if type(a) ~= "table" or type(b) ~= "table" then
    return false
  end
  seen = seen or {}
  if seen[a] and seen[a][b] then
    return true
  end
  seen[a] = seen[a] or {}
  seen[a][b] = true
  for key, value in next, a do
    if not deep_equal(value, rawget(b, key), seen) then
      return false, key
    end
  end
  for key in next, b do
    if rawget(a, key) == nil then
      return false, key
    end
  end
  return true
end

local checks = {}

local function define(names, count, check)
  for name in names:gmatch("%S+") do
    checks[name] = { count = count, check = check }
  end
end

define("equal equals", 2, function(expected, got)
  return expected == got, ("expected %s, got %s"), show(expected), show(got)
end)
define("same", 2, function(expected, got)
  local ok, key = deep_equal(expected, got)
  local place = key ~= nil and (" (they differ at %s)"):format(show(key)) or ""
  return ok, "expected %s, got %s" .. place:gsub("%%", "%%%%"), show(expected), show(got)
end)
define("truthy is_truthy", 1, function(value)
  return not not value, "expected something true, got %s", show(value)
end)
define("falsy is_falsy", 1, function(value)
  return not value, "expected false or nil, got %s", show(value)
end)
define("is_true", 1, function(value) return value == true, "expected true, got %s", show(value) end)
define("is_false", 1, function(value)
  return value == false, "expected false, got %s", show(value)
end)
define("is_nil", 1, function(value) return value == nil, "expected nil, got %s", show(value) end)
for kind in ("string number table function boolean userdata thread"):gmatch("%S+") do
  define(kind .. " is_" .. kind, 1, function(value)
    return type(value) == kind, "expected a " .. kind .. ", got %s", show(value)
  end)
end
define("near", 3, function(expected, got, tolerance)
  return type(got) == "number" and math.abs(expected - got) <= tolerance,
    "expected %s within %s, got %s", show(expected), show(tolerance), show(got)
end)
define("matches match", 2, function(pattern, text)
  return type(text) == "string" and text:find(pattern) ~= nil,
    "expected a string matching %s, got %s", show(pattern), show(text)
end)
define("contains", 2, function(part, whole)
  if type(whole) == "string" then
    return whole:find(part, 1, true) ~= nil, "expected %s to be in %s", show(part), show(whole)
  end
  for _, value in pairs(whole) do
    if deep_equal(part, value) then
      return true, "expected %s not to be in %s", show(part), show(whole)
    end
  end
  return false, "expected %s to be in %s", show(part), show(whole)
end)
define("unique", 1, function(list)
  local seen = {}
  for _, value in ipairs(list) do
    if seen[value] then
      return false, "expected different values, but %s is there twice", show(value)
    end
    seen[value] = true
  end
  return true, "expected equal values in %s", show(list)
end)

local function problem_text(problem)
  if type(problem) == "table" then
    return tostring(problem)
  end
  return problem
end

--- Whether a function raises an error that has a text, or the fields of a table; `is_plain` false
--- takes the text as a pattern.
local function raises(fn, expected, is_plain)
  local ok, problem = pcall(fn)
  if ok then
    return false, "expected an error, but there was none"
  end
  if expected == nil then
    return true, "expected no error, got %s", show(problem_text(problem))
  end
  local fits
  if type(expected) == "table" then
    fits = type(problem) == "table"
    for key, value in pairs(expected) do
      fits = fits and deep_equal(value, problem[key])
    end
  else
    local text = tostring(problem_text(problem))
    fits = text == expected or text:find(expected, 1, is_plain) ~= nil
  end
  return fits, "expected the error %s, got %s", show(expected), show(problem_text(problem))
end

define("has_error error errors has_errors", 1, function(fn, expected, is_plain)
  return raises(fn, expected, is_plain ~= false)
end)
define("error_matches matches_error has_error_match", 1, function(fn, pattern, _, is_plain)
  return raises(fn, pattern, is_plain == true)
end)
define("no_error no_errors has_no_error", 1, function(fn)
  local ok, problem = pcall(fn)
  return ok, "expected no error, got %s", show(problem_text(problem))
end)

local Failure = { __name = "failed assertion", __tostring = function(self) return self.message end }

local function raise(message, level)
  local info = debug.getinfo(level + 1, "Sl")
  local place = info and ("%s:%d: "):format(info.short_src, info.currentline) or ""
  error(setmetatable({ is_assertion = true, message = place .. message }, Failure), 0)
end

local skipped_words = { is = true, are = true, has = true, was = true, does = true, be = true }

--- `assert.is_not.equal(…)`: the words between are steps, `not` and `no` turn the sense around.
local function chain(negated, prefix)
  return setmetatable({}, {
    __index = function(_, word)
      local negates = word == "no" or word == "Not" or word == "is_not" or word == "not_"
        or word == "are_not" or word == "has_no" or word == "does_not" or word == "was_not"
        or word == "isnt"
      if negates then
        return chain(not negated, prefix)
      end
      local name = prefix .. word
      local bare = name:match("^is_not_(.+)$") or name:match("^not_(.+)$")
        or name:match("^are_not_(.+)$")
      if checks[name] or (bare and (checks[bare] or checks["is_" .. bare])) then
        local is_negated = negated ~= (checks[name] == nil)
        local entry = checks[name] or checks[bare] or checks["is_" .. bare]
        return function(...)
          local results = table.pack(entry.check(...))
          local holds = results[1] and true or false
          if holds == is_negated then
            local message = results[2]:format(table.unpack(results, 3, results.n))
            local custom = select(entry.count + 1, ...)
            if is_negated then
              message = "not " .. message
            end
            if type(custom) == "string" and not name:find("error") then
              message = custom .. ": " .. message
            end
            raise(message, 2)
          end
          return ...
        end
      end
      if checks["is_" .. word] then
        return chain(negated, "is_")[word]
      end
      if skipped_words[word] then
        return chain(negated, "")
      end
      error("unknown assertion \"" .. tostring(word) .. "\"", 2)
    end,
    __call = function(_, ...)
      local value, message = ...
      if not value then
        raise(tostring(message or "assertion failed!"), 2)
      end
      return ...
    end,
  })
end

return chain(false, "")
