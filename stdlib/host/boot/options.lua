--- What functions of the standard library take as options, and errors that blame their callers.
local host = ...

local type, getmetatable, ipairs, pairs = type, getmetatable, ipairs, pairs
local pcall, rawget, select, tostring = pcall, rawget, select, tostring
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

--- Checks that a function which takes no argument is given none but nil.
function host.check_nothing(name_of_function, ...)
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    if value ~= nil then
      host.blame(("bad argument #%d to '%s' (it takes none, got %s)"):format(i, name_of_function,
        type(value) == "string" and ("%q"):format(value:sub(1, 60)) or "a " .. type(value)))
    end
  end
end

--- How the person who has started the run can say an option: by the option of the script of that name,
--- or, where Lua is written, by the option of the function. Nil when the script has no such option.
function host.spelling(name, text)
  if not host.script_options then
    return text
  end
  local long = "--" .. gsub(name, "_", "-")
  return host.script_options[long] and long or nil
end

-- Values by their annotations ------------------------------------------------------------------

--- The forms of values, by the types that annotations write.
local forms = {}

local LETTERS = { b = "a boolean", F = "false", n = "a number", i = "an integer", s = "a string",
  t = "a table", f = "a function", u = "a value such as a time" }

--- The letters of a value's types.
local function letters_of(value)
  local kind = type(value)
  if kind == "number" then
    return math_type(value) == "integer" and "ni" or value % 1 == 0 and "ni" or "n"
  elseif kind == "boolean" then
    return value and "b" or "bF"
  elseif value == host.null then
    return "0"
  end
  local meta = (kind == "table" or kind == "userdata") and getmetatable(value)
  local is_callable = kind == "function" or type(meta) == "table" and rawget(meta, "__call") ~= nil
  return (kind == "string" and "s" or kind == "table" and "t" or kind == "userdata" and "u" or "")
    .. (is_callable and "f" or "")
end

local function form_of(type_text)
  local form = forms[type_text]
  if not form then
    form = host.value_form(type_text)
    forms[type_text] = form
  end
  return form
end

local function is_choice(choices, value)
  for _, choice in ipairs(choices) do
    if choice == value then
      return true
    end
  end
  return false
end

local function fits(form, value)
  if form.choices and type(value) == "string" then
    return is_choice(form.choices, value)
  end
  return find(form.types, "*", 1, true) or find(letters_of(value), "[" .. form.types .. "]")
end

--- The type that a part of a table must have; nil when the table cannot have a part of that name.
local function type_of_part(form, name)
  if form.fields then
    return form.fields[name] or type(name) == "number" and form.fields["1"] or nil
  elseif form.element then
    return math_type(name) == "integer" and form.element or nil
  end
  return (find(form.keys, "*", 1, true) or find(letters_of(name), "[" .. form.keys .. "]"))
    and form.values or nil
end

--- The first part of a value that does not fit its type, with the path to it.
---@param iterate fun(value: table): function, table?, any
---@param is_whole? boolean whether a part that is missing does not fit, either
local function first_misfit(type_text, value, iterate, is_whole)
  local form = form_of(type_text)
  if not fits(form, value) then
    return { path = {}, form = form, value = value }
  elseif type(value) ~= "table" or getmetatable(value) ~= nil
    or not (form.fields or form.element or form.values) then
    return nil
  end
  for name, given in iterate(value) do
    local inner = type_of_part(form, name)
    local misfit
    if inner then
      misfit = first_misfit(inner, given, iterate, is_whole)
    else
      misfit = { path = {}, form = form, is_unknown = true }
    end
    if misfit then
      table.insert(misfit.path, 1, name)
      return misfit
    end
  end
  for _, name in ipairs(is_whole and form.required or {}) do
    if value[name] == nil then
      return { path = {}, form = form, missing = name }
    end
  end
end

local function each(value)
  return next, value, nil
end

local function each_sorted(value)
  local keys, i = host.sorted_keys(value), 0
  return function()
    i = i + 1
    return keys[i], value[keys[i]]
  end
end

--- A path as Lua writes it: `labels.env`, `allow[2]`, `clusters["search-prod"]`.
local function path_text(path, count)
  local text = ""
  for i = 1, count do
    local name = path[i]
    if type(name) ~= "string" then
      text = ("%s[%s]"):format(text, tostring(name))
    elseif find(name, "^[%a_][%w_]*$") then
      text = text == "" and name or text .. "." .. name
    else
      text = ("%s[%q]"):format(text, name)
    end
  end
  return text
end

local function expected(form)
  local words = {}
  for letter in gmatch(form.types, "%a") do
    words[#words + 1] = letter ~= "t" and LETTERS[letter] or form.element and "a list"
      or form.values and "a table with names, { name = … }" or LETTERS.t
  end
  return concat(words, " or ")
end

local function value_text(value)
  if type(value) == "string" then
    return ("%q"):format(sub(value, 1, 60))
  end
  return value == host.null and "null" or value == false and "false" or value == true and "true"
    or "a " .. host.type_name(value)
end

--- Says what is wrong with a part that the table cannot have.
local function unknown_text(owner, misfit)
  local form, name = misfit.form, misfit.path[#misfit.path]
  local place, prefix = path_text(misfit.path, #misfit.path - 1), owner and owner .. ": " or ""
  local key = type(name) == "string" and ("\"%s\""):format(name) or ("[%s]"):format(tostring(name))
  if form.fields then
    local near = host.nearest_name(name, form.fields)
    return ("%s has no option %s%s"):format(place == "" and (owner or "it") or prefix .. place, key,
      near and "; did you mean \"" .. near .. "\"?" or "")
  end
  return ("%s%s must be %s, got the key %s"):format(prefix, place, expected(form), key)
end

local function misfit_text(owner, misfit)
  if misfit.is_unknown then
    return unknown_text(owner, misfit)
  elseif misfit.missing then
    return ("%s needs %s"):format(path_text(misfit.path, #misfit.path), misfit.missing)
  end
  local place, form, value = path_text(misfit.path, #misfit.path), misfit.form, misfit.value
  place = owner and ("%s: %s"):format(owner, place) or place
  if form.choices and type(value) == "string" then
    local near = host.nearest(value, form.choices)
    return ("%s must be \"%s\", got \"%s\"%s"):format(place, concat(form.choices,
      "\" or \""), value, near and "; did you mean \"" .. near .. "\"?" or "")
  end
  return ("%s must be %s, got %s"):format(place, expected(form), value_text(value))
end

--- The first mistake in a value of a type: a part of a name that it cannot have, of another type than is
--- declared, or a required part that is missing. Nil when there is none.
---@param type_text string the type, as an annotation writes it
---@param value any
---@return string? text
---@return any[]? path the keys that lead to the mistake
function host.mistake(type_text, value)
  local misfit = first_misfit(type_text, value, each_sorted, true)
  if misfit then
    return misfit_text(nil, misfit), misfit.path
  end
end

--- Checks the parts of an argument by the annotation of its parameter: every name is known, and every
--- value has a type that is declared. Calls that the standard library makes itself say what is wrong in
--- the words of the function that people have called.
function host.check_parts(method, parameter, type_text, value)
  if type(value) ~= "table" or getmetatable(value) ~= nil then
    return
  end
  local misfit = first_misfit(type_text, value, each)
  if misfit and not host.is_called_from_inside() then
    misfit = first_misfit(type_text, value, each_sorted)
    if not form_of(type_text).fields then
      -- A list or a map has no name of its own.
      table.insert(misfit.path, 1, parameter)
    end
    host.blame(misfit_text((gsub(method, "^qdrant%.(%w+[.:])", "%1")), misfit))
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
