--- The Lua side of the host: `require`, errors, and the globals that scripts find.
-- Runs once, before any script. `functions` are the host's own, `settings` what it knows.
local functions, settings = ...

-- A script can replace what stands in its globals: what follows does not look there.
local load, assert, error, setmetatable, type = load, assert, error, setmetatable, type
local getmetatable, ipairs, pairs, pcall = getmetatable, ipairs, pairs, pcall
local rawget, rawset, tostring, getinfo = rawget, rawset, tostring, debug.getinfo

local host = __host
__host = nil
for name, value in pairs(functions) do
  host[name] = value
end

host.libraries, host.modules = settings.libraries, settings.modules

--- Modules that are found before any file of the same name.
local reserved = {}
for _, name in ipairs(settings.modules) do
  reserved[name] = "host." .. name
end

local function embedded_name(name)
  if name == "qdrant" or name:find("^qdrant%.") then
    return name
  end
  return reserved[name]
end

--- Whether a name is that of a module that is built in.
function host.is_reserved(name)
  return embedded_name(name) ~= nil
end

-- Options -------------------------------------------------------------------------------------

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

--- Raises an error that blames whoever has called into what is built in.
function host.blame(message)
  local level = 2
  local info = getinfo(level, "S")
  while info and info.short_src:find("^%[") do
    level = level + 1
    info = getinfo(level, "S")
  end
  error(message, info and level or 0)
end

--- What is given for a wait: a wrong one is better told of before anything is changed.
local function check_length(name, value)
  if type(value) == "string" and not pcall(require("time").duration, value) then
    host.blame(("%s is a length like \"10m\", not \"%s\""):format(name, value))
  end
end

--- Options of a function, an empty table when none are given. An error tells of a name that it does
--- not take, and of a wait that is no length.
function host.options(options, name_of_function, ...)
  if options == nil then
    return {}
  end
  local meta = type(options) == "table" and getmetatable(options)
  -- A handle is none.
  if type(options) ~= "table" or type(meta) == "table" and rawget(meta, 3) == true then
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

-- Errors --------------------------------------------------------------------------------------

local Error = { __name = "error" }

--- One readable line: method, code, message, and what else helps.
function Error.__tostring(self)
  local parts = {}
  if self.method then
    parts[#parts + 1] = self.method .. ": "
  end
  parts[#parts + 1] = self.code or "ERROR"
  if self.message and self.message ~= "" then
    parts[#parts + 1] = ": " .. self.message
  end
  if self.trace_id then
    parts[#parts + 1] = " (trace " .. self.trace_id .. ")"
  end
  return table.concat(parts)
end

host.metatable(0, {
  __tostring = function(message)
    return host.show(message)
  end,
})
host.metatable(1, Error)

--- An error object of the host's own.
function host.error(fields)
  return setmetatable(fields, Error)
end

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

-- require -------------------------------------------------------------------------------------
-- In Lua, so that a module that calls the API while it loads can wait.

--- What is being loaded, by name: which task does so, and where others wait for it.
local loading = {}
--- Which module a task waits for.
local waiting_for = {}

--- Waits until another task has loaded a module; two that wait for each other would never end.
local function wait_for(name)
  local me = host.current_task()
  local chain, next_name = { name }, name
  while next_name do
    local by = loading[next_name] and loading[next_name].task
    if by == me then
      error("module '" .. name .. "' requires itself, by way of " .. table.concat(chain, ", "), 3)
    end
    next_name = waiting_for[by]
    chain[#chain + 1] = next_name
  end
  waiting_for[me] = name
  local done <close> = setmetatable({}, { __close = function() waiting_for[me] = nil end })
  host.pass(loading[name].gate)
  local _ = done
end

local function load_embedded(name)
  local source, file = host.module_source(name)
  if not source then
    return nil
  end
  local chunk = assert(load(source, "=[" .. file .. "]"))
  return function(...)
    return chunk(host, ...)
  end, file
end

--- A part of a module that has a file of its own, loaded once.
local parts = {}
function host.part(name)
  if parts[name] == nil then
    parts[name] = load_embedded("host." .. name)()
  end
  return parts[name]
end

-- What follows replaces these for scripts when the run is bounded.
local loadfile, searchpath = loadfile, package.searchpath
local close_gates
--- Whether there are libraries whose functions are bound.
local has_libraries = false
--- Where modules are found once there are: `package.path`, which no library changes.
local module_path

--- Keeps where modules are found from libraries, which would have others' code run in place of it.
local function guard_path()
  if module_path then
    return
  end
  module_path = package.path
  package.path = nil
  setmetatable(package, {
    __index = function(_, key)
      return key == "path" and module_path or nil
    end,
    __newindex = function(_, key, value)
      if key ~= "path" then
        rawset(package, key, value)
      elseif host.is_library() then
        error("a library does not change where modules are found", 2)
      else
        module_path = value
      end
    end,
    __metatable = false,
  })
end

local told = {}

--- Tells of a file that is not loaded because a module of qcsh has its name, when the code that asks
--- for it is not the standard library.
local function tell_hidden(name)
  if told[name] or getinfo(4, "S").source:sub(1, 2) == "=[" then
    return
  end
  told[name] = true
  local path = searchpath(name, settings.path)
  if path then
    io.stderr:write("qcsh: ", path, " is not loaded: \"", name, "\" is a module of qcsh\n")
  end
end

local function find(name)
  local preload = package.preload[name]
  if preload then
    return preload, ":preload:"
  end
  local api = name:match("^qdrant%.api%.?(.*)$")
  if api then
    return function()
      local module = require("qdrant").api
      for part in api:gmatch("[^.]+") do
        module = module[part]
      end
      return module
    end, ":api:"
  end
  local inner = embedded_name(name)
  if inner then
    tell_hidden(name)
    local chunk, file = load_embedded(inner)
    if chunk then
      return chunk, file
    end
    return nil, "\n\tno module '" .. name .. "' in the standard library"
  end
  -- A bounded script reads modules from where they are, not from anywhere.
  local path, tried = searchpath(name, host.is_bounded() and settings.path or module_path
    or package.path)
  if not path then
    return nil, tried
  end
  -- A library's functions may do what it has been granted.
  local bound = host.library_text(name, path)
  local chunk, problem
  if bound then
    close_gates()
    has_libraries = true
    guard_path()
    chunk, problem = load(bound, "@" .. path, "t")
  else
    chunk, problem = loadfile(path)
  end
  if not chunk then
    error("error loading module '" .. name .. "' from file '" .. path .. "':\n\t" .. problem, 0)
  end
  return chunk, path
end

function require(name)
  if type(name) ~= "string" then
    error("require needs a module's name", 2)
  end
  local loaded = package.loaded[name]
  if loaded ~= nil then
    return loaded
  end
  while loading[name] do
    wait_for(name)
    if package.loaded[name] ~= nil then
      return package.loaded[name]
    end
  end
  local chunk, where = find(name)
  if not chunk then
    error("module '" .. name .. "' not found:" .. where, 2)
  end
  local place = { task = host.current_task(), gate = host.gate() }
  loading[name] = place
  local done <close> = setmetatable({}, {
    __close = function()
      loading[name] = nil
      host.open(place.gate)
      host.close_gate(place.gate)
    end,
  })
  local result = chunk(name, where)
  if result ~= nil then
    package.loaded[name] = result
  elseif package.loaded[name] == nil then
    package.loaded[name] = true
  end
  local _ = done
  return package.loaded[name], where
end

function dofile(file)
  local chunk, problem = loadfile(file)
  if not chunk then
    error(problem, 0)
  end
  return chunk()
end

package.path = settings.path
package.searchers = nil
arg = settings.arguments

if settings.is_recorded then
  -- Clocks and random numbers come from the host, which records them or repeats what it has.
  local time, date, seed = os.time, os.date, math.randomseed
  function os.time(fields)
    return fields and time(fields) or host.os_time()
  end
  function os.date(format, at)
    return date(format, at or host.os_time())
  end
  function os.clock()
    return host.os_clock()
  end
  function math.randomseed(...)
    if select("#", ...) > 0 then
      return seed(...)
    end
    return seed(host.random_seed())
  end
  math.randomseed()
end

function os.exit(code)
  io.stdout:flush()
  host.exit(code == nil and true or code)
end

--- Runs a script: what it has started ends before it does.
function host.main(fn, ...)
  host.in_script = true
  local failed = true
  local finish <close> = setmetatable({}, {
    __close = function()
      if host.finish_script then
        host.finish_script(failed)
      end
    end,
  })
  local results = table.pack(fn(...))
  failed = false
  local _ = finish
  return table.unpack(results, 1, results.n)
end

host.keep("main", host.main)

-- Gates --------------------------------------------------------------------------------------
-- Lua's own library reaches files, programs and the environment, too.

local OPENS, READS, WRITES, RENAMES, RUNS, TEMPORARY, ENVIRONMENT = 0, 1, 2, 3, 4, 5, 6

local are_closed = false
function close_gates()
  if are_closed then
    return
  end
  are_closed = true
  local permit = host.permit
  for library, kinds in next, {
    [io] = { open = OPENS, lines = READS, input = READS, output = WRITES, popen = RUNS,
      tmpfile = TEMPORARY },
    [os] = { remove = RENAMES, rename = RENAMES, tmpname = TEMPORARY, execute = RUNS,
      getenv = ENVIRONMENT },
    [_G] = { loadfile = READS, dofile = READS },
  } do
    for name, kind in next, kinds do
      host.close_gate_of(library, name, kind, permit)
    end
  end
  host.set_gate(permit)
end

--- The whole text of what `load` takes: a text, or a function that gives it in pieces.
local function whole_text(chunk)
  if type(chunk) ~= "function" then
    return chunk
  end
  local pieces = {}
  for piece in chunk do
    if type(piece) ~= "string" then
      error("reader function must return a string", 0)
    elseif piece == "" then
      break
    end
    pieces[#pieces + 1] = piece
  end
  return table.concat(pieces)
end

-- What a bound library loads is bound as it is: it runs by the library's name, whatever name the
-- library gives it, and a file only as a module. These stand in place of Lua's own from the beginning:
-- whoever kept those would have a way out.
do
  local loadfile_of_all, dofile = _G.loadfile, _G.dofile

  function _G.load(chunk, name, mode, ...)
    if not has_libraries or not host.is_library() then
      return load(chunk, name, mode, ...)
    end
    local ok, text = pcall(whole_text, chunk)
    if not ok then
      return nil, text
    elseif type(text) ~= "string" then
      error(("bad argument #1 to 'load' (function expected, got %s)"):format(type(text)), 2)
    end
    local kept, source = host.library_chunk(text)
    return load(kept, source, mode, ...)
  end

  local function check_file()
    if has_libraries and host.is_library() then
      error("a library loads files with require: what they may do is known then", 3)
    end
  end

  function _G.loadfile(...)
    check_file()
    return loadfile_of_all(...)
  end

  function _G.dofile(...)
    check_file()
    return dofile(...)
  end
end

if host.is_bounded() then
  -- It tells which files there are; require has its own.
  package.searchpath = nil
  close_gates()
end

-- Globals, loaded when they are first used ----------------------------------------------------

--- What a script says of itself: what it is for, which arguments it takes and what it needs to be
--- allowed. It is read before the script runs, so it is the first statement and has literals only.
--- Returns the arguments.
---@usage local args = script { about = "Lists clusters", args = { { "--label" } } }
---@param header { about?: string, args?: cli.Argument[], needs?: string[], deletes?: boolean }
---@return table<string, any> args
function script(header)
  if type(header) ~= "table" then
    error("script needs a table, got a " .. type(header), 2)
  end
  if header.needs ~= nil and not settings.has_header then
    error("the header of a script is its first statement: script { … }, or local args = script "
      .. "{ … }", 2)
  end
  return require("cli").parse(header)
end

--- What a module of a library says of itself: what it is for, and what its functions need to be
--- allowed. It is read before the module runs, so it is the first statement and has literals only.
---@usage library { about = "Tools for fleets", needs = { "read:clusters" } }
---@param header { about?: string, needs?: string[], deletes?: boolean }
function library(header)
  if type(header) ~= "table" then
    error("library needs a table, got a " .. type(header), 2)
  end
  if header.needs ~= nil and not host.has_library_header() then
    error("the header of a library is the first statement of a module that is loaded by require: "
      .. "library { … }", 2)
  end
end

local lazy = { qdrant = "qdrant" }
for name in pairs(reserved) do
  lazy[name] = name
end

setmetatable(_G, {
  __index = function(globals, name)
    local module = lazy[name]
    if module == nil then
      return nil
    end
    local value = require(module)
    rawset(globals, name, value)
    return value
  end,
})
