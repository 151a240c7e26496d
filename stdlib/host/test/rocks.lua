--- luassert and say, which others wrote, and the modules of busted that specs require.
---
--- Their text is that of Debian's packages. It runs in the library's world, so that a spec may replace
--- functions of Lua without breaking its assertions, but by the rights of the code that calls it: its
--- chunks have no file's name (callers.c).
local host = ...

local failures = host.part("test.failures")
local loaded = package.loaded

local rocks = {}

--- The modules that are there before any spec runs, as with busted.
local first = {
  "say", "luassert", "luassert.spy", "luassert.mock", "luassert.stub", "luassert.match",
}

--- Modules by their names: those of scripts while specs run, so that what a spec takes out of
--- `package.loaded` is loaded again; others may have a module named `say`.
local modules = {}
--- Modules of busted, while specs run.
local busted
--- Whether what specs show goes to a terminal in colour.
local is_coloured = false

--- Styles by the names of lua-term, which a parameter of luassert may name.
local styles = {
  reset = 0, bright = 1, dim = 2, underscore = 4, blink = 5, reverse = 7, hidden = 8,
}
for i, colour in ipairs { "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white" } do
  styles[colour], styles["on" .. colour] = 29 + i, 39 + i
end

--- The part of lua-term that luassert uses, if it is there. On a terminal, differences are marked in red.
local terminal = {
  isatty = function()
    return is_coloured
  end,
  colors = setmetatable({}, {
    __index = function(_, name)
      local number = styles[name]
      return number and function(text)
        return ("\27[%dm%s\27[0m"):format(number, text)
      end
    end,
  }),
}

--- Metatables of the host that luassert has seen. Its copies of values do not get them: they would count
--- as a script's from then on.
local own_metatables = setmetatable({}, { __mode = "k" })

local function metatable_of(value)
  local metatable = host.metatable_of(value)
  if metatable and not host.is_foreign_metatable(metatable) then
    own_metatables[metatable] = true
  end
  return metatable
end

local function set_metatable(value, metatable)
  if metatable and own_metatables[metatable] then
    return value
  end
  -- A tail call: luassert sets it.
  return setmetatable(value, metatable)
end

local world = setmetatable({
  debug = {
    getinfo = debug.getinfo, traceback = debug.traceback, getmetatable = metatable_of,
    setmetatable = set_metatable,
  },
  error = host.throw,
  -- It asks for the separator of paths; a script may have replaced the rest.
  package = { config = "/\n;\n?\n!\n-\n" },
  require = function(name)
    return name == "term" and terminal or rocks.load(name)
  end,
}, { __index = host.own })

--- Assertions of specs fail with objects, as with busted.
local assertion_world = setmetatable({ error = failures.fail }, { __index = world })

local function is_own(name)
  return name == "say" or name == "luassert" or name:find("^luassert%.") ~= nil
end

--- Compiles a module; nothing when there is none of the name.
local function compile(name)
  local text, path = host.rock_source(name)
  if text then
    local is_asserting = busted and name == "luassert.assert"
    return assert(load(text, path, "t", is_asserting and assertion_world or world)), ":" .. path
  end
end

--- Loads a module that luassert requires.
function rocks.load(name)
  local module = modules[name]
  if module == nil then
    local chunk, where = nil, nil
    if is_own(name) then
      chunk, where = compile(name)
    end
    if not chunk then
      host.throw(("module '%s' not found"):format(name), 2)
    end
    module = chunk(name, where)
    -- Only `nil` counts as nothing.
    if module == nil then
      module = true
    elseif name == "luassert.assert" then
      -- Methods that strings have, too, are called by the names of the library's own code.
      rawset(module, "__format", module.format)
    end
    modules[name] = module
  end
  return module
end

--- The function that loads a module which a script requires, and where it is.
---@param name string
---@param find_file fun(name: string): function?, string looks among the files
function rocks.find(name, find_file)
  local module = busted and busted[name]
  if module ~= nil then
    return function() return module end, ":busted:"
  end
  -- Other people's modules may be named `say`, too; that of the system is this one.
  if name == "say" and not busted then
    local chunk, where = find_file(name)
    if chunk and not where:find("^/usr/") then
      return chunk, where
    end
  end
  if is_own(name) and host.rock_source(name) then
    return function() return rocks.load(name) end, ":" .. select(2, host.rock_source(name))
  end
  local chunk, where = find_file(name)
  if not chunk and name:find("^busted") then
    where = where .. "\n\tqcsh test runs specs that are written for busted"
  end
  return chunk, where
end

--- Prepares a run of specs: loads luassert into `package.loaded`, and returns what specs see of it.
---@param words table<string, any> what `require "busted"` returns; luassert's modules are added to it
---@param options { colour: boolean, modules: table<string, any> }
function rocks.begin(words, options)
  busted, modules, is_coloured = options.modules, loaded, options.colour
  for name in next, loaded do
    if is_own(name) then
      loaded[name] = nil
    end
  end
  for _, name in ipairs(first) do
    rocks.load(name)
  end
  for _, name in ipairs { "spy", "mock", "stub", "match" } do
    words[name] = loaded["luassert." .. name]
  end
  words.assert = loaded.luassert
  for name, module in next, options.modules do
    loaded[name] = module
  end
  host.part("test.additions")(words.assert, loaded.say, rocks.load)
end

return rocks
