--- Handles that wrap API messages, the classes of the modules that give them, and what may be given for
--- a resource.
local host = ...

local getmetatable, rawget, rawset = getmetatable, rawget, rawset
local setmetatable, type = setmetatable, type

local resource = {}

--- What marks the metatable of a handle, and where a handle keeps its message.
local HANDLE, MESSAGE = host.HANDLE, host.MESSAGE

--- Classes of modules by name: `clusters`.
local classes = {}
--- The metatables of objects, by class.
local metas = {}

--- The metatable of a handle; nil of anything else.
local function handle_meta(value)
  local meta = type(value) == "table" and getmetatable(value)
  return type(meta) == "table" and rawget(meta, HANDLE) == true and meta or nil
end

local function unknown(what, key, ...)
  local near
  for _, names in ipairs { ... } do
    near = near or host.nearest_name(key, names)
  end
  error(("%s has no \"%s\"%s"):format(what, tostring(key),
    near and "; did you mean \"" .. near .. "\"?" or ""), 3)
end

--- A class whose functions are methods: calling one with a dot is an error that suggests the colon.
local function methods_of(prefix)
  local class = {}
  return setmetatable(class, {
    __newindex = function(_, name, value)
      if type(value) ~= "function" then
        rawset(class, name, value)
        return
      end
      rawset(class, name, host.with_receiver(value, function(self)
        if type(self) ~= "table" or getmetatable(self) ~= metas[class] then
          host.blame(("%s.%s is a method, which is called with a colon: %s:%s(…)"):format(prefix,
            name, prefix, name))
        end
      end))
    end,
  })
end

--- Makes a module's class. An object of it belongs to a connection: `qdrant`, or what
--- `qdrant.connect` has returned. Returns the object of `qdrant` itself and the class.
---@usage resource.module("pets")
---@param name string
---@return table class
function resource.module(name)
  local class = methods_of("qdrant." .. name)
  metas[class] = {
    __name = "qdrant." .. name,
    methods = class,
    __index = function(_, key)
      -- The library's own calls of methods that strings have, too, come by this name.
      local member = class[key == "__find" and "find" or key]
      if member == nil and key ~= "cluster" then
        unknown("qdrant." .. name, key, class)
      end
      return member
    end,
    __tostring = function()
      return "module qdrant." .. name
    end,
  }
  classes[name] = class
  return class
end

--- The object of a module's class for a connection; nil when there is no such module.
---@usage resource.object("pets", qdrant)
---@param name string
---@param connection table
---@return table?
function resource.object(name, connection)
  local class = classes[name]
  return class and setmetatable({ connection = connection }, metas[class])
end

--- What the file of a module's class returns: the object for `qdrant` itself.
---@usage resource.module("pets") resource.default("pets")
---@param name string
---@return table
function resource.default(name)
  return resource.object(name, require "qdrant")
end

--- A module that is about one thing only, a cluster for example: `cluster:keys()`.
---@usage resource.scoped("keys", qdrant, { cluster = qdrant.clusters:list()[1] })
---@param name string
---@param connection table
---@param scope table
---@return table
function resource.scoped(name, connection, scope)
  require("qdrant." .. name)
  local object = resource.object(name, connection)
  for key, value in pairs(scope) do
    object[key] = value
  end
  return object
end

local function field_of(message, name)
  return message[name]
end

--- Creates a class of handles. A handle behaves like its message (for reading, encoding and as a
--- request), adds methods and keeps the connection that it came from.
---@usage resource.handle("Pet")
---@param name string the class is called `qdrant.` and this
---@param options? { noun?: string, label?: string, phase?: fun(message: table): string? }
---@return table class
function resource.handle(name, options)
  local noun = options and options.noun or name:lower()
  local class = methods_of(noun:gsub(" ", "_"))
  local label = options and options.label or "name"
  local phase = options and options.phase
  metas[class] = {
    __name = "qdrant." .. name, methods = class, noun = noun,
    -- The host takes the message in its place.
    [HANDLE] = true,
    __index = function(self, key)
      local member = class[key]
      if member ~= nil then
        return member
      end
      local ok, value = pcall(field_of, rawget(self, MESSAGE), key)
      if ok then
        return value
      end
      local near = host.nearest_name(key, class)
      error(near and ("a %s has no \"%s\"; did you mean :%s?"):format(noun, tostring(key), near)
        or tostring(value):gsub("^.-:%d+: ", ""), 2)
    end,
    __newindex = function(_, key)
      error(("%s handles are read-only (\"%s\"): use :update to change the resource"):format(noun,
        tostring(key)), 2)
    end,
    __eq = function(a, b)
      return getmetatable(a) == getmetatable(b) and a.id == b.id
    end,
    __pairs = function(self)
      return pairs(rawget(self, MESSAGE))
    end,
    __tostring = function(self)
      local state = phase and phase(rawget(self, MESSAGE))
      return ("%s %s (%s)%s"):format(noun, self[label] or "", self.id or "?",
        state and ": " .. state or "")
    end,
  }

  return class
end

--- Wraps a message; a handle of the class stays what it is.
---@usage resource.wrap(resource.handle("Pet"), { name = "Rex" }, qdrant)
---@param class table
---@param message table
---@param connection table
---@param extra? table what else the handle keeps
---@return table
function resource.wrap(class, message, connection, extra)
  if getmetatable(message) == metas[class] then
    return message
  end
  local handle = { [MESSAGE] = message, connection = connection }
  for key, value in pairs(extra or {}) do
    handle[key] = value
  end
  return setmetatable(handle, metas[class])
end

--- The message that a handle wraps.
---@usage resource.message(resource.wrap(resource.handle("Pet"), { name = "Rex" }, qdrant)).name
---@param handle table
---@return table
function resource.message(handle)
  return rawget(handle, MESSAGE)
end

--- Puts a newer message into a handle.
---@usage local pet = resource.wrap(resource.handle("Pet"), {}, qdrant) resource.renew(pet, {})
---@param handle table
---@param message table
---@return table handle
function resource.renew(handle, message)
  rawset(handle, MESSAGE, message)
  return handle
end

--- Reloads a handle from a list, for resources that the API can list but not get.
---@usage local pet = resource.wrap(resource.handle("Pet"), { id = "1" }, qdrant) resource.found(pet, { { id = "1" } }, "Rex")
---@param handle table
---@param list table[] messages, or handles
---@param name string its name, for the error
---@return table handle
function resource.found(handle, list, name)
  for _, item in ipairs(list) do
    if item.id == handle.id then
      return resource.renew(handle, handle_meta(item) and resource.message(item) or item)
    end
  end
  resource.fail("NOT_FOUND", ("the %s %s (%s) no longer exists"):format(
    getmetatable(handle).noun, name, handle.id))
end

--- Wraps each message of a list.
---@usage resource.wrap_all(resource.handle("Pet"), {}, qdrant)
---@param class table
---@param messages table[]
---@param connection table
---@param keep? fun(message: table): boolean
---@return table[]
function resource.wrap_all(class, messages, connection, keep)
  local list = host.list()
  for _, message in ipairs(messages) do
    if not keep or keep(message) then
      list[#list + 1] = resource.wrap(class, message, connection)
    end
  end
  return list
end

-- What is given for a resource -----------------------------------------------------------------

local UUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

--- Whether a string is an id.
---@usage resource.is_id("search")
---@param text any
---@return boolean
function resource.is_id(text)
  return type(text) == "string" and text:find(UUID) ~= nil
end

--- Whether a value is a handle of a class.
---@usage resource.is(resource.handle("Pet"), {})
---@param class table
---@param value any
---@return boolean
function resource.is(class, value)
  return type(value) == "table" and getmetatable(value) == metas[class]
end

--- Returns the argument when it already is a handle of the class; fails for a handle of another class.
---@usage resource.known(resource.handle("Pet"), "Rex", "pet")
---@generic H
---@param class H
---@param wanted string|H
---@param noun string
---@return H? handle nil when it must be looked up
function resource.known(class, wanted, noun)
  if type(wanted) ~= "table" then
    return nil
  elseif getmetatable(wanted) == metas[class] then
    return wanted
  end
  local meta = getmetatable(wanted)
  host.blame(("which %s? Expected a name, an id or a handle, got %s"):format(noun,
    handle_meta(wanted) and "the " .. tostring(wanted)
      or meta and rawget(meta, "__name") and "a " .. rawget(meta, "__name") or "a table"))
end

--- The id for a handle, a message, a name or an id. Names are looked up with `find`.
---@usage resource.id_of({ id = "1" }, "pet")
---@param what any
---@param noun string
---@param find? fun(name: string): table
---@return string
function resource.id_of(what, noun, find)
  local meta = handle_meta(what)
  if meta and meta.noun ~= noun then
    host.blame(("which %s? Got the %s"):format(noun, tostring(what)))
  elseif type(what) == "table" and type(what.id) == "string" then
    return what.id
  elseif resource.is_id(what) then
    return what
  elseif type(what) == "string" and find then
    return find(what).id
  end
  host.blame(("which %s? Expected a handle, a name or an id, got %s"):format(noun,
    type(what) == "string" and '"' .. what .. '"' or "a " .. type(what)))
end

host.resource_object = resource.object
return resource
