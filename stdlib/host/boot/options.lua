--- What functions of the standard library take as options, and errors that blame their callers.
local host = ...

local type, getmetatable, ipairs, pairs = type, getmetatable, ipairs, pairs
local pcall, rawget, tostring = pcall, rawget, tostring
local next, concat, math_type = next, table.concat, math.type
local find, gmatch, gsub, sub = string.find, string.gmatch, string.gsub, string.sub

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

--- A text as a pattern that matches it and nothing else.
function host.plain(text)
  return (text:gsub("%p", "%%%0"))
end

--- Raises an error at the line that called a built-in function.
host.blame = host.raise

--- How the person who has started the run can say an option: by the option of the script of that name,
--- or, where Lua is written, by the option of the function. Nil when the script has no such option.
function host.spelling(name, text)
  if not host.script_options then
    return text
  end
  local long = "--" .. gsub(name, "_", "-")
  return host.script_options[long] and long or nil
end

-- Options by their annotations -----------------------------------------------------------------

--- The options of tables, by the types that annotations write; false where names are not known.
local declared = {}

local LETTERS = { b = "a boolean", n = "a number", i = "an integer", s = "a string", t = "a table",
  f = "a function", u = "a value such as a time" }

--- The letters of a value's types.
local function letters_of(value)
  local kind = type(value)
  if kind == "number" then
    return math_type(value) == "integer" and "ni" or value % 1 == 0 and "ni" or "n"
  end
  local meta = (kind == "table" or kind == "userdata") and getmetatable(value)
  local is_callable = kind == "function" or type(meta) == "table" and rawget(meta, "__call") ~= nil
  return (kind == "string" and "s" or kind == "boolean" and "b" or kind == "table" and "t"
    or kind == "userdata" and "u" or "") .. (is_callable and "f" or "")
end

local function expected(letters)
  local words = {}
  for letter in gmatch(letters, "[a-z]") do
    words[#words + 1] = LETTERS[letter]
  end
  return concat(words, " or ")
end

--- Whether a value is one of the strings that an option takes.
local function is_choice(choices, value)
  for _, choice in ipairs(choices) do
    if choice == value then
      return true
    end
  end
  return #choices == 0 or type(value) ~= "string"
end

--- Raises an error for an option that does not fit its declaration.
local function refuse_option(method, options, name, value)
  local option = options[name]
  if not option then
    local near = host.nearest_name(name, options)
    host.blame(("%s has no option \"%s\"%s"):format(method, tostring(name),
      near and "; did you mean \"" .. near .. "\"?" or ""))
  elseif type(value) == "string" and #option.choices > 0 then
    local near = host.nearest(value, option.choices)
    host.blame(("%s: %s must be \"%s\", got \"%s\"%s"):format(method, name,
      concat(option.choices, "\" or \""), value,
      near and "; did you mean \"" .. near .. "\"?" or ""))
  end
  host.blame(("%s: %s must be %s, got %s"):format(method, name, expected(option.types),
    type(value) == "string" and ("%q"):format(sub(value, 1, 60))
      or "a " .. host.type_name(value)))
end

--- The options of a type; nil where names are not known.
local function options_of(type_text)
  local options = declared[type_text]
  if options == nil then
    options = host.option_types(type_text) or false
    declared[type_text] = options
  end
  return options or nil
end

local function fits(option, value)
  return value == host.null or is_choice(option.choices, value)
    and (find(option.types, "*", 1, true) or find(letters_of(value), "[" .. option.types .. "]"))
end

--- The first option of a table, or of those inside it, that does not fit: its owner's options, its name
--- and its value.
local function first_misfit(type_text, value)
  local options = type(value) == "table" and getmetatable(value) == nil and options_of(type_text)
  if not options then
    return nil
  end
  for name, given in next, value do
    local option = options[name]
    if type(name) == "number" and options["1"] then
      option = options["1"]
    end
    if not option or not fits(option, given) then
      return options, name, given
    elseif option.inner and type(given) == "table" then
      for _, item in ipairs(option.is_list and given or { given }) do
        local owner, inner, wrong = first_misfit(option.inner, item)
        if owner then
          return owner, inner, wrong
        end
      end
    end
  end
end

--- Checks a table of options by the annotation of its parameter: every name is known, and every value
--- has a type that is declared. Calls that the standard library makes itself say what is wrong in the
--- words of the function that people have called.
function host.check_options(method, type_text, value)
  local options, name, given = first_misfit(type_text, value)
  if options and not host.is_called_from_inside() then
    refuse_option((gsub(method, "^qdrant%.(%w+[.:])", "%1")), options, name, given)
  end
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
