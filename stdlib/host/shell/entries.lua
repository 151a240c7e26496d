--- Runs what is entered: in an environment where what entries made local stays, and with the last
--- results at hand.
local host = ...

--- How many results are kept.
local KEPT = 9

local globals = _G
local declared = {}
local environment = setmetatable({}, {
  __index = globals,
  __newindex = function(self, name, value)
    if declared[name] then
      rawset(self, name, value)
    else
      globals[name] = value
    end
  end,
})
host.entries = environment

--- Names that are local to the shell from now on.
local function declare()
  for _, name in ipairs(host.shell_declared()) do
    declared[name] = true
  end
end

local load = load
--- Compiles code in the shell's environment: an expression as its value, statements as they are.
function host.load_entry(code, name, is_chunk)
  declare()
  local chunk = not is_chunk and load("return " .. code, name, "t", environment)
  local problem
  if not chunk then
    chunk, problem = load(code, name, "t", environment)
  end
  if not chunk then
    error(problem, 0)
  end
  return chunk
end

local results = {}
local function keep(first, ...)
  if first ~= nil then
    table.insert(results, 1, first)
    results[KEPT + 1] = nil
    globals._ = first
    for i = 1, #results do
      globals["_" .. i] = results[i]
    end
  end
  return first, ...
end

--- How deep values are shown.
local DEPTH = 60
local plain = { time = true, duration = true, secret = true, handle = true }

--- A value as it can be shown: other values than plain ones as strings.
local function shown(value, above, depth)
  local kind = type(value)
  if kind == "thread" then
    return tostring(value)
  elseif io.type(value) then
    return tostring(value)
  elseif kind == "userdata" then
    local meta = getmetatable(value)
    local name = type(meta) == "table" and rawget(meta, "__name")
    return (name == false or name == nil or plain[name]) and value or tostring(value)
  elseif kind ~= "table" then
    return value
  elseif above[value] or depth > DEPTH then
    return tostring(value)
  end
  above[value] = true
  local copy, is_changed = {}, false
  for key, inner in next, value do
    local other_key, other = shown(key, above, depth + 1), shown(inner, above, depth + 1)
    is_changed = is_changed or other_key ~= key or other ~= inner
    copy[other_key] = other
  end
  above[value] = nil
  return is_changed and setmetatable(copy, getmetatable(value)) or value
end

--- Objects are shown as they print themselves; their fields are private.
local function presentable(value)
  -- What io.write returns is no result.
  if value == io.stdout or value == io.stderr then
    return nil
  end
  local meta = type(value) == "table" and getmetatable(value)
  local name = type(meta) == "table" and rawget(meta, "__name")
  if type(meta) == "table" and rawget(meta, "__tostring")
    and not (type(name) == "string" and name:find("%.")) then
    return tostring(value)
  end
  return shown(value, {}, 0)
end
local function present(...)
  local values = table.pack(...)
  for i = 1, values.n do
    values[i] = presentable(values[i])
  end
  return table.unpack(values, 1, values.n)
end

--- Shows the page of `shell.help`.
local function help(what)
  if what == nil then
    return host.shell_show(host.shell_overview())
  end
  local name, text = host.part("shell.help")(what)
  if text then
    return host.shell_show(text)
  end
  host.shell_show_help(name)
end

--- Has modules found by name in the shell as they are in scripts.
local function find_modules()
  globals.api = nil
  host.lazy_globals.api = function() return globals.qdrant.api end
  for _, name in ipairs(host.libraries) do
    if name ~= "resource" then
      host.lazy_globals[name] = function() return globals.qdrant[name] end
    end
  end
end

return function(shell, run_command)
  host.keep("entry", function(code)
    host.entry_text = code
    return present(keep(host.load_entry(code, "=entry")()))
  end)
  host.keep("command", function(name, rest)
    return run_command(name, rest)
  end)
  host.keep("start", function(path)
    shell.load(path)
  end)
  globals.help = help
  find_modules()
end
