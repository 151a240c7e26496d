--- What functions of the standard library take as options, and errors that blame their callers.
local host = ...

-- A script can replace what stands in its globals: what follows does not look there.
local error, type, getmetatable, ipairs, pairs = error, type, getmetatable, ipairs, pairs
local pcall, rawget, tostring, getinfo = pcall, rawget, tostring, debug.getinfo

--- The key of a table that a name is probably meant to be.
function host.nearest_name(name, names)
  local all = {}
  for key in pairs(names) do
    if type(key) == "string" then
      all[#all + 1] = key
    end
  end
  table.sort(all)
  return host.nearest(tostring(name), all)
end

--- The keys of a table in the order of their texts.
function host.sorted_keys(values)
  local keys = {}
  for key in pairs(values) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    return tostring(a) < tostring(b)
  end)
  return keys
end

--- Sets of names, by the words that list them.
local sets = {}

--- Words as a set; a set stays what it is.
function host.names(words)
  if type(words) == "table" then
    return words
  end
  local set = sets[words]
  if not set then
    set = {}
    for word in words:gmatch("%S+") do
      set[word] = true
    end
    sets[words] = set
  end
  return set
end

--- Raises an error at the line that called a built-in function.
function host.blame(message)
  local level = 2
  local info = getinfo(level, "S")
  while info and info.short_src:find("^%[") do
    level = level + 1
    info = getinfo(level, "S")
  end
  error(message, info and level or 0)
end

--- Checks a wait before anything is changed.
local function check_length(name, value)
  if type(value) == "string" and not pcall(require("time").duration, value) then
    host.blame(("%s must be a duration such as \"10m\", got \"%s\""):format(name, value))
  end
end

--- Options of a function, an empty table when none are given. Raises an error for a name that it does
--- not take, and for a wait that is not a duration.
function host.options(options, name_of_function, ...)
  if options == nil then
    return {}
  end
  local meta = type(options) == "table" and getmetatable(options)
  -- A handle is none.
  if type(options) ~= "table" or type(meta) == "table" and rawget(meta, host.HANDLE) == true then
    host.blame(("%s takes a table of options, got %s"):format(name_of_function,
      meta and "the " .. tostring(options) or "a " .. type(options)))
  end
  for name in pairs(options) do
    local is_known, near = false, nil
    for _, names in ipairs { ... } do
      local set = host.names(names)
      is_known = is_known or set[name] ~= nil
      near = near or host.nearest_name(name, set)
    end
    if not is_known then
      host.blame(("%s has no option \"%s\"%s"):format(name_of_function, tostring(name),
        near and "; did you mean \"" .. near .. "\"?" or ""))
    end
  end
  check_length("wait", options.wait)
  check_length("timeout", options.timeout)
  return options
end
