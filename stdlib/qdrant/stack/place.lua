--- Where something stands in a stack's file.
local fs = require "fs"

local place = {}

--- The line of a stack's file that an error is about: the first that has one of the words that the
--- error quotes, or is about a resource that the error names.
---@param file string
---@param problem string
---@return string place "shop.lua:12", or only the file
function place.of_words(file, problem)
  local words = {}
  for word in problem:gmatch("\"([^\"]+)\"") do
    words[#words + 1] = word
  end
  words[#words + 1] = problem:match("^%a+ ([%w_-]+)")
  for _, word in ipairs(words) do
    local number = 0
    for line in (fs.read(file) .. "\n"):gmatch("(.-)\n") do
      number = number + 1
      local first, last = line:find(word, 1, true)
      if first and not line:sub(first - 1, first - 1):find("[%w_]")
        and not line:sub(last + 1, last + 1):find("[%w_]") then
        return file .. ":" .. number
      end
    end
  end
  return file
end

--- Where a name that is a key of a table stands in a line, from a column on; nil when it does not.
local function key_in(line, name, from)
  local first, last = line:find(name, from, true)
  while first do
    local before, after = line:sub(first - 1, first - 1), line:sub(last + 1)
    local is_key = after:find("^%s*=[^=]") or after:find("^[\"']%s*%]%s*=[^=]")
    if is_key and not before:find("[%w_]") then
      return last + 1
    end
    first, last = line:find(name, first + 1, true)
  end
end

--- The place in a stack's file of a declaration: where the keys of its path stand one after the other,
--- as far as they are found.
---@param file string
---@param path any[]
---@return string place "shop.lua:12", or only the file
function place.of_path(file, path)
  local lines, found = {}, file
  for line in (fs.read(file) .. "\n"):gmatch("(.-)\n") do
    lines[#lines + 1] = line
  end
  local number, column = 1, 1
  for _, name in ipairs(path) do
    if type(name) == "string" then
      local at, after = number, key_in(lines[number] or "", name, column)
      while not after and at < #lines do
        at = at + 1
        after = key_in(lines[at], name, 1)
      end
      if not after then
        return found
      end
      number, column, found = at, after, file .. ":" .. at
    end
  end
  return found
end

return place
