--- Filters of lists: what a person writes matches as it looks.
---
--- Names and labels match as a whole, with `*` for any characters and `?` for one; texts match when they
--- contain what is wanted. Only options called `matching` take patterns of Lua.
local host = ...

local filter = {}

local MAGIC = "[%^%$%(%)%%%.%[%]%+%-]"

--- A glob as a pattern of Lua, for the whole text.
local function pattern_of(glob)
  return "^" .. glob:gsub(MAGIC, "%%%0"):gsub("%*", ".*"):gsub("%?", ".") .. "$"
end

--- Whether a name is the wanted one, or fits a glob. All names fit nil.
---@usage filter.name("search-*")("search-prod")
---@param wanted? string
---@return fun(name: string): boolean
function filter.name(wanted)
  if wanted == nil then
    return function()
      return true
    end
  elseif not wanted:find("[*?]") then
    return function(name)
      return name == wanted
    end
  end
  local pattern = pattern_of(wanted)
  return function(name)
    return name:find(pattern) ~= nil
  end
end

--- Whether a text contains another one, and a match of a pattern of Lua. All texts fit nil.
---@usage filter.text("time.out")("a time.out occurred")
---@param wanted? string as it is
---@param matching? string a pattern of Lua; a malformed one is an error
---@return fun(text: string): boolean
function filter.text(wanted, matching)
  if matching then
    local ok, problem = pcall(string.find, "", matching)
    if not ok then
      host.blame(("matching: %s in \"%s\"; it is a pattern of Lua"):format(
        tostring(problem):gsub("^.-:%d+: ", ""), matching))
    end
  end
  return function(text)
    return (not wanted or text:find(wanted, 1, true) ~= nil)
      and (not matching or text:find(matching) ~= nil)
  end
end

--- Labels as a table from key to value: of one, of `"env=prod"`, or of a list of such strings.
---@usage filter.label_table("env=prod", "clusters:list").env
---@param labels table|string|nil
---@param method string who takes them, for errors
---@return table<string, string|boolean>
function filter.label_table(labels, method)
  if type(labels) == "string" then
    labels = { labels }
  end
  local wanted = {}
  for key, value in pairs(labels or {}) do
    if type(key) == "number" then
      local name, text
      if type(value) == "string" then
        name, text = value:match("^([^=]+)=(.*)$")
      end
      if not name then
        host.blame(("%s: labels must be a table such as { env = \"prod\" }, or strings such as "
          .. "\"env=prod\"; got %s"):format(method, type(value) == "string"
            and ("\"%s\""):format(value) or "a " .. type(value)))
      end
      key, value = name, text
    end
    if type(key) ~= "string" or value ~= true and type(value) ~= "string"
      and math.type(value) ~= "integer" then
      host.blame(("%s: the label %s must be a string, or true for any value; got %s"):format(method,
        tostring(key), value == false and "false" or "a " .. type(value)))
    end
    wanted[key] = value
  end
  return wanted
end

--- Whether labels have what is wanted of each of them: a value, a glob, or `true` for any value.
---@usage filter.labels({ env = "prod" }, "clusters:list")({ env = "prod" })
---@param labels table|string|nil
---@param method string who takes them, for errors
---@return fun(labels: table<string, string>): boolean
function filter.labels(labels, method)
  local tests = {}
  for key, value in pairs(filter.label_table(labels, method)) do
    tests[key] = filter.name(value ~= true and tostring(value) or nil)
  end
  return function(has)
    for key, fits in pairs(tests) do
      if has[key] == nil or not fits(has[key]) then
        return false
      end
    end
    return true
  end
end

return filter
