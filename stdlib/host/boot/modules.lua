--- `require`: in Lua, so that a module that calls the API while it loads can wait.
local host, settings = ...

-- The gates replace these for scripts.
local load, loadfile, searchpath = load, loadfile, package.searchpath
-- These are the same whatever scripts put in place of `package` and its fields.
local package, loaded, preload = package, package.loaded, package.preload

host.libraries, host.modules = settings.libraries, settings.modules
--- Lua's own libraries.
host.is_standard = host.names "coroutine debug io math os string table utf8"

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
      host.blame("module '" .. name .. "' requires itself, by way of " .. table.concat(chain, ", "))
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
  local chunk = assert(load(source, "=[" .. file .. "]", "t", host.own))
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
        error("a library cannot change package.path", 2)
      else
        module_path = value
      end
    end,
    __metatable = false,
  })
end

local told = {}

--- Warns about a file that is not loaded because a module of qcsh has its name.
local function tell_hidden(name)
  if told[name] then
    return
  end
  told[name] = true
  local path = searchpath(name, settings.path)
  if path then
    io.stderr:write("qcsh: ", path, " was not loaded: \"", name, "\" is a built-in module\n")
  end
end

--- The function that loads a module that is built in, and where it is.
local function find_own(name)
  local api = name:match("^qdrant%.api%.?(.*)$")
  if api then
    return function()
      local module = host.own_require("qdrant").api
      for part in api:gmatch("[^.]+") do
        module = module[part]
      end
      return module
    end, ":api:"
  end
  local chunk, file = load_embedded(embedded_name(name))
  if chunk then
    return chunk, file
  end
  return nil, "\n\tno module '" .. name .. "' in the standard library"
end

--- Compiles the file of a module: a library's functions may do what it has been granted.
local function load_file(name, path)
  local bound = host.library_text(name, path)
  local chunk, problem
  if bound then
    host.close_gates()
    host.has_libraries = true
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

--- The function that loads a module of a file, and the file.
local function find_file(name)
  -- A bounded script reads modules from the project's directories only.
  local search = host.is_bounded() and settings.path or module_path or package.path
  if type(search) ~= "string" then
    host.blame("'package.path' must be a string")
  end
  local path, tried = searchpath(name, search)
  if not path then
    return nil, tried
  end
  return load_file(name, path)
end

--- Libraries that others wrote, by the first part of their modules' names: what specs are written with.
local rocks = host.names "busted luassert say"

--- The function that loads a module of such a library, and where it is.
local function find_rock(name)
  return host.part("test.rocks").find(name, find_file)
end

--- Loads a module once.
---@param modules table those that are loaded, by their names
---@param name string
---@param find fun(name: string): function?, string
local function load_once(modules, name, find)
  if modules[name] ~= nil then
    return modules[name]
  end
  while loading[name] do
    wait_for(name)
    if modules[name] ~= nil then
      return modules[name]
    end
  end
  local chunk, where = find(name)
  if not chunk then
    host.blame("module '" .. name .. "' not found:\n\t" .. where)
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
    modules[name] = result
  elseif modules[name] == nil then
    modules[name] = true
  end
  local _ = done
  return modules[name], where
end

--- Modules that are built in, by their names: what scripts put into `package.loaded` is for scripts.
local own_modules = {}

--- `require` of the library's own code, for modules that are built in.
function host.own_require(name)
  return load_once(own_modules, name, find_own)
end

--- Modules of libraries that have a built-in module's name, by their files.
local tree_modules = {}

--- The module of a reserved name that a library of a tree means: one of its own tree. Libraries of
--- others were not written for the names that qcsh has.
local function require_of_tree(name)
  local file = host.tree_module(name)
  if file then
    return true, load_once(tree_modules, file, function()
      return load_file(name, file)
    end)
  end
end

function require(name)
  if type(name) ~= "string" then
    error("require needs a module's name", 2)
  end
  if host.is_reserved(name) then
    local is_found, found, file = require_of_tree(name)
    if is_found then
      return found, file
    end
  end
  local module = loaded[name]
  if module ~= nil then
    return module
  elseif preload[name] then
    return load_once(loaded, name, function()
      return preload[name], ":preload:"
    end)
  elseif not host.is_reserved(name) then
    return load_once(loaded, name, rocks[name:match("^[^.]*")] and find_rock or find_file)
  end
  tell_hidden(name)
  local where
  module, where = load_once(own_modules, name, find_own)
  if loaded[name] == nil then
    loaded[name] = module
  end
  return loaded[name], where
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
