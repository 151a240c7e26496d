--- Command-line arguments of scripts: declared, with types, defaults, help and completion.
---
--- ```lua
--- local args = cli.parse {
---   about = "Scales idle clusters down",
---   args = {
---     { "cluster", about = "Its name or id" },              -- by position
---     { "--nodes", type = "int", default = 1 },             -- an option with a value
---     { "--dry-run", "-n", type = "flag" },                 -- a flag: args.dry_run
---     { "labels", type = "string", many = true },           -- all the rest
---   },
--- }
--- ```
local host = ...

local cli = {}
local pages, types = host.part("cli.pages"), host.part("cli.types")

---@class cli.Argument
---@field [1] string a name; with dashes it is an option
---@field [2]? string an option's short form
---@field type? string|string[] string, int, number, flag, duration, time, file, json, pair (of key=value: a table by key), size, cpu, cron, expiry, month, block (of IPv4 addresses), or choices
---@field default? any
---@field required? boolean
---@field many? boolean
---@field about? string
---@field env? string the environment variable to read when the argument is not given
---@field value? string the placeholder for the value in the help
---@field negative? boolean of a duration: whether it may be negative

--- The name of the script's file.
local function file_name()
  return tostring(arg[0] or "script"):match("[^/]*$")
end

--- How people start the script, for help and errors.
local function program()
  return host.program or file_name()
end

--- Reports words that are not understood, and ends the script with the status 2.
local function fail(spec, message)
  host.term_write(("%s: %s\nTry '%s --help'.\n"):format(spec.name, message, spec.name))
  os.exit(2)
end

--- Reads a declaration; mistakes of the script's author are errors.
local function read(spec)
  local read_spec = {
    name = spec.name or program(), file = spec.name or file_name(),
    about = spec.about, options = {}, positions = {}, all = {}, epilog = spec.epilog,
  }
  for i, entry in ipairs(spec.args or {}) do
    if type(entry) ~= "table" or type(entry[1]) ~= "string" then
      error(("args[%d] needs a name at [1]"):format(i), 4)
    end
    local argument = {
      type = entry.type or "string", default = entry.default, many = entry.many,
      about = entry.about, env = entry.env, negative = entry.negative,
      is_option = entry[1]:sub(1, 1) == "-",
    }
    if type(argument.type) == "string" and argument.type ~= "flag"
      and not types.known[argument.type] then
      local near = host.nearest_name(argument.type, types.known)
      error(("args[%d]: unknown type \"%s\"%s"):format(i, argument.type,
        near and ("; did you mean \"%s\"?"):format(near) or ""), 4)
    end
    for n = 1, 2 do
      local word = entry[n]
      if word and word:sub(1, 2) == "--" then
        argument.long = word
      elseif word and word:sub(1, 1) == "-" then
        argument.short = word
      end
    end
    argument.key = (argument.long or argument.short or entry[1]):gsub("^%-+", ""):gsub("%-", "_")
    argument.shown = argument.is_option and (argument.long or argument.short) or entry[1]
    argument.value = entry.value
      or (type(argument.type) == "table" and table.concat(argument.type, "|"))
      or argument.type == "pair" and "key=value"
      or (argument.type == "string" and argument.key:gsub("_", "-") or argument.type)
    argument.required = entry.required
    if argument.required == nil then
      argument.required = not argument.is_option and argument.default == nil and not argument.many
    end
    if argument.is_option then
      if argument.long then
        read_spec.options[argument.long] = argument
      end
      if argument.short then
        read_spec.options[argument.short] = argument
      end
    else
      table.insert(read_spec.positions, argument)
    end
    table.insert(read_spec.all, argument)
  end
  return read_spec
end

--- The help of a declaration.
---@usage cli.help { about = "says hello", args = { { "name", default = "you" } } }
---@param spec { name?: string, about?: string, args?: cli.Argument[], epilog?: string }
---@return string
function cli.help(spec)
  return pages.help(read(spec))
end

--- A completion function for bash.
---@usage cli.completion { args = { { "--count", type = "int" } } }
---@param spec { name?: string, about?: string, args?: cli.Argument[], epilog?: string }
---@return string
function cli.completion(spec)
  return pages.completion(read(spec))
end

local function set(spec, values, argument, text)
  local value, problem = types.convert(argument, text)
  if problem then
    fail(spec, ("%s %s, got \"%s\""):format(argument.shown, problem, text))
  end
  if argument.many and argument.type == "pair" then
    local pairs_so_far = values[argument.key] or {}
    values[argument.key] = pairs_so_far
    for key, one in pairs(value) do
      pairs_so_far[key] = one
    end
  elseif argument.many then
    values[argument.key] = values[argument.key] or {}
    table.insert(values[argument.key], value)
  elseif values[argument.key] ~= nil and argument.is_option then
    fail(spec, argument.shown .. " is given twice")
  else
    values[argument.key] = value
  end
end

--- An option of the command line and the words after it.
---@return integer index of the next word
local function take_option(parts, values, words, index)
  local word = words[index]
  local name, text = word:match("^(%-%-[^=]+)=(.*)$")
  local argument = parts.options[name or word]
  if not argument then
    if host.program_option and host.program_option(name or word) then
      fail(parts, ("%s is an option of qcsh: put it before the name of the script"):format(
        name or word))
    end
    local near = host.nearest_name(name or word, parts.options)
    fail(parts, ("unknown option %s%s"):format(name or word,
      near and "; did you mean " .. near .. "?" or ""))
  end
  if argument.type == "flag" then
    if text then
      fail(parts, argument.shown .. " takes no value")
    end
    values[argument.key] = true
    return index + 1
  end
  if not text then
    index = index + 1
    text = words[index]
    if text == nil then
      fail(parts, argument.shown .. " needs a value")
    end
  end
  set(parts, values, argument, text)
  return index + 1
end

--- Prints what was asked for in place of running the script, and ends it.
local function answer(text)
  print(text)
  os.exit(0)
end

--- Whether help is asked for. Then nothing else counts, not even what is wrong.
local function asks_for_help(words)
  for _, word in ipairs(words) do
    if word == "--" then
      return false
    elseif word == "--help" or word == "-h" then
      return true
    end
  end
  return false
end

--- Takes the words of the command line.
local function take_words(parts, values, words)
  if asks_for_help(words) then
    answer(pages.help(parts))
  end
  local position, only_positions, i = 1, false, 1
  while i <= #words do
    local word = words[i]
    if not only_positions and word == "--" then
      only_positions = true
      i = i + 1
    elseif not only_positions and word == "--complete-bash" then
      answer(pages.completion(parts))
    elseif not only_positions and word:find("^%-.") and not tonumber(word) then
      i = take_option(parts, values, words, i)
    else
      local argument = parts.positions[position]
      if not argument then
        fail(parts, ("unexpected argument \"%s\""):format(word))
      end
      set(parts, values, argument, word)
      position = argument.many and position or position + 1
      i = i + 1
    end
  end
end

--- The value of an argument that was not given.
local function default_of(parts, argument)
  if argument.required then
    fail(parts, (argument.is_option and argument.shown or "<" .. argument.shown .. ">")
      .. " is missing")
  end
  local default = argument.default
  if default == nil and argument.type == "flag" then
    return false
  elseif default == nil and argument.many then
    return {}
  elseif type(default) ~= "string" or argument.many then
    return default
  end
  -- Written as one would write it on the command line.
  local value, problem = types.convert(argument, default)
  if problem then
    host.blame(("the default of %s %s, got \"%s\""):format(argument.shown, problem, default))
  end
  return value
end

--- Parses the command-line arguments of the script. `--help` before a `--` prints the help and exits,
--- whatever else is given; invalid arguments end the script with the status 2.
---@usage cli.parse({ args = { { "--count", type = "int" } } }, { "--count", "3" }).count
---@param spec { name?: string, about?: string, args?: cli.Argument[], epilog?: string }
---@param words? string[] instead of the script's own
---@return table<string, any>
function cli.parse(spec, words)
  local parts = read(spec)
  local values = {}
  if not words then
    host.script_options = parts.options
  end
  take_words(parts, values, words or arg or {})
  for _, argument in ipairs(parts.all) do
    local text = values[argument.key] == nil and argument.env and host.environment(argument.env)
    if text and text ~= "" then
      set(parts, values, argument, text)
    end
    if values[argument.key] == nil then
      values[argument.key] = default_of(parts, argument)
    end
  end
  return values
end

--- The value of a text of an argument's type, for texts that come from elsewhere, such as a file.
---@usage cli.convert("block", "203.0.113.7")
---@param kind string|string[] as in a declaration
---@param text string
---@return any value nil when the text is invalid
---@return string? problem what it must be
function cli.convert(kind, text)
  if type(kind) == "string" and not types.known[kind] then
    error(("unknown type \"%s\""):format(kind), 2)
  end
  return types.convert({ type = kind }, text)
end

--- Reports a usage error and ends the script with the status 2.
---@usage if false then cli.usage("which cluster?") end
---@param message string
function cli.usage(message)
  fail({ name = program() }, message)
end

--- The format that `--output` asks for; nil when it was not given. A script that writes files can return
--- its data instead.
---@usage cli.format()
---@return "table"|"wide"|"tree"|"json"|"jsonl"|"yaml"|"lua"|"csv"|nil
function cli.format()
  return host.output_format
end

--- Sets the exit status for when the script ends on its own; what it returns is printed first.
---@usage cli.status(0)
---@param code integer
function cli.status(code)
  if math.type(code) ~= "integer" or code < 0 or code > 255 then
    error("an exit status is a number from 0 to 255", 2)
  end
  host.set_status(code)
end

--- Reports something on standard error after the results of the script are printed: what went wrong
--- once they were known.
---@usage cli.remark("the list was not delivered")
---@param text string
function cli.remark(text)
  host.remark_at_end(text)
end

--- Asks for confirmation, unless it was given already (`--yes`). When standard input is not a terminal,
--- or the answer is not yes, the script ends with the status 1.
---@usage cli.confirm("Delete it?", true)
---@async
---@param question string
---@param is_agreed? boolean
function cli.confirm(question, is_agreed)
  if is_agreed or host.is_dry_run() then
    return
  end
  local term = require "term"
  if not term.is_terminal("stdin") then
    host.term_write(question .. "\nnot a terminal; use --yes to confirm\n")
    os.exit(1)
  elseif not term.confirm(question, false) then
    host.term_write("nothing was done\n")
    os.exit(1)
  end
end

return cli
