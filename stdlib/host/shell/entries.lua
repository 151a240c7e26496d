--- Runs what is entered: in an environment where what entries made local stays, and with the last
--- results at hand.
local host = ...

--- How many results are kept.
local KEPT = 9

return function(shell, run_command)
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

  --- Objects are shown as they print themselves; their fields are nobody's business.
  local function presentable(value)
    local meta = type(value) == "table" and getmetatable(value)
    local name = type(meta) == "table" and rawget(meta, "__name")
    if type(meta) == "table" and rawget(meta, "__tostring")
      and not (type(name) == "string" and name:find("%.")) then
      return tostring(value)
    end
    return value
  end
  local function present(...)
    local values = table.pack(...)
    for i = 1, values.n do
      values[i] = presentable(values[i])
    end
    return table.unpack(values, 1, values.n)
  end

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

  --- Shows what `shell.help` tells.
  function globals.help(what)
    if what == nil then
      return host.shell_show(host.shell_overview())
    end
    local name, text = host.part("shell.help")(what)
    if text then
      return host.shell_show(text)
    end
    host.shell_show_help(name)
  end
  -- Modules are found by name in the shell as they are in scripts.
  globals.api = nil
  local meta = getmetatable(globals)
  local index = meta.__index
  meta.__index = function(self, name)
    if name == "api" then
      return globals.qdrant.api
    end
    return index(self, name)
  end
end
