--- What differs between what is wanted and what is there: only fields that are named count, and forms
--- that mean the same are the same.
local host = ...

local qdrant = require "qdrant"

local list_meta = getmetatable(host.list())

--- Whether a list is one of pairs of key and value, as labels are: their order means nothing.
local function is_pairs(list)
  for _, item in ipairs(list) do
    if type(item) ~= "table" or rawget(item, "key") == nil then
      return false
    end
    for name in pairs(item) do
      if name ~= "key" and name ~= "value" then
        return false
      end
    end
  end
  return #list > 0
end

--- Permissions of a role: lists of one value each.
local function is_values(list)
  for _, item in ipairs(list) do
    if type(item) ~= "table" or rawget(item, "value") == nil or rawget(item, "key") ~= nil then
      return false
    end
  end
  return #list > 0
end

local function sorted(list, text)
  local texts = {}
  for i, item in ipairs(list) do
    texts[i] = text(item)
  end
  table.sort(texts)
  return texts
end

local function same_texts(a, b)
  if #a ~= #b then
    return false
  end
  for i, text in ipairs(a) do
    if text ~= b[i] then
      return false
    end
  end
  return true
end

local collect

local function same_list(wanted, normal, present)
  if #wanted ~= #present then
    return false
  elseif #wanted == 0 then
    return true
  elseif type(normal[1]) ~= "table" then
    return same_texts(sorted(normal, tostring), sorted(present, tostring))
  elseif is_pairs(normal) and (is_pairs(present) or #present == 0) then
    local function text(item)
      return item.key .. "\0" .. tostring(item.value or "")
    end
    return same_texts(sorted(normal, text), sorted(present, text))
  elseif is_values(normal) and is_values(present) then
    local function text(item)
      return tostring(item.value)
    end
    return same_texts(sorted(normal, text), sorted(present, text))
  end
  for i, item in ipairs(wanted) do
    if #collect(item, normal[i], present[i], "", {}) > 0 then
      return false
    end
  end
  return true
end

--- Whether plain tables, as a Struct is read, hold the same.
local function same_plain(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for key, value in pairs(a) do
    if not same_plain(value, b[key]) then
      return false
    end
  end
  for key in pairs(b) do
    if a[key] == nil then
      return false
    end
  end
  return true
end

--- A field of a message; nil when it has none of that name.
local function field(message, name)
  if message == nil then
    return nil
  end
  return message[name]
end

local function is_empty(value)
  return value == nil or value == false or value == 0 or value == ""
    or type(value) == "table" and next(value) == nil
end

--- Collects the differences: `wanted` as it was written, `normal` as the API would have it.
function collect(wanted, normal, present, path, found)
  for _, name in ipairs(host.sorted_keys(wanted)) do
    local value, to, from = wanted[name], field(normal, name), field(present, name)
    local at = path == "" and name or path .. "." .. name
    if value == qdrant.null then
      if not is_empty(from) then
        found[#found + 1] = { path = at, from = from }
      end
    elseif type(to) ~= "table" then
      if to ~= from and not (is_empty(to) and is_empty(from)) then
        found[#found + 1] = { path = at, from = from, to = to }
      end
    elseif getmetatable(to) == list_meta then
      if not same_list(value, to, from or {}) then
        found[#found + 1] = { path = at, from = from, to = to }
      end
    elseif getmetatable(to) == nil then
      if not same_plain(to, from) then
        found[#found + 1] = { path = at, from = from, to = to }
      end
    else
      collect(value, to, from, at, found)
    end
  end
  return found
end

local diff = {}

--- What differs: { path, from, to }, sorted by path.
---@param type_name string the message's full name
---@param wanted table what is wanted, as one would write it in a request
---@param present table? the message that is there
---@return { path: string, from: any, to: any }[]
function diff.between(type_name, wanted, present)
  local plain = diff.without_nulls(wanted)
  return collect(wanted, host.message(type_name, plain), present, "", {})
end

--- A table without the fields that are to be cleared.
---@param wanted table
---@return table
function diff.without_nulls(wanted)
  local copy = {}
  for key, value in pairs(wanted) do
    if value ~= qdrant.null then
      copy[key] = type(value) == "table" and getmetatable(value) == nil
        and diff.without_nulls(value) or value
    end
  end
  return copy
end

--- The part of `wanted` that some differences are about.
---@param wanted table
---@param changes { path: string }[]
---@return table
function diff.part(wanted, changes)
  local part = {}
  for _, change in ipairs(changes) do
    local source, target = wanted, part
    local names = {}
    for name in change.path:gmatch("[^.]+") do
      names[#names + 1] = name
    end
    for i = 1, #names - 1 do
      source = source[names[i]]
      target[names[i]] = target[names[i]] or {}
      target = target[names[i]]
    end
    target[names[#names]] = source[names[#names]]
  end
  return part
end

return diff
