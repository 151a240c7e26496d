--- Shared parts of the resource modules (`qdrant.clusters`, `qdrant.keys` …): handles that wrap API
--- messages, lookup by name, and changes that are retried while the service is unavailable.
local host = ...

local getmetatable, rawget, rawset = getmetatable, rawget, rawset
local setmetatable, type = setmetatable, type

local resource = {}

-- Modules and handles -------------------------------------------------------------------------

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

-- Errors --------------------------------------------------------------------------------------

--- Raises an error with an API code, so that scripts and exit statuses can distinguish it.
---@usage pcall(resource.fail, "NOT_FOUND", "there is no such pet")
---@param code string
---@param message string
---@param fields? table additional fields of the error object
function resource.fail(code, message, fields)
  local problem = { code = code, message = message, origin = "library" }
  for key, value in pairs(fields or {}) do
    problem[key] = value
  end
  error(host.error(problem), 0)
end

--- Whether trying again may help.
---@usage resource.is_transient({ code = "UNAVAILABLE" })
---@param problem any
---@return boolean
function resource.is_transient(problem)
  return type(problem) == "table"
    and (problem.code == "UNAVAILABLE" or problem.code == "ABORTED"
      or problem.code == "DEADLINE_EXCEEDED" or problem.retryable == true
      or problem.outcome_unknown == true)
end

--- Whether a field holds a secret: without one it is an empty string.
---@usage resource.is_secret(secret.new("x"))
---@param value any
---@return boolean
function resource.is_secret(value)
  return type(value) == "userdata"
end

--- Whether an error is NOT_FOUND.
---@usage resource.is_missing({ code = "NOT_FOUND" })
---@param problem any
---@return boolean
function resource.is_missing(problem)
  return type(problem) == "table" and problem.code == "NOT_FOUND"
end

-- Arguments -----------------------------------------------------------------------------------

--- Checks a method's options; an empty table when none are given. Fails for an option that the method
--- does not have, and for a `wait` that is not a duration.
---@usage resource.options({ nodes = 3 }, "pets:create", "nodes disk wait")
---@param options? table
---@param method string who takes them, for the error
---@param ... string|table<string, any> the option names: words, or the keys of tables
---@return table
function resource.options(options, method, ...)
  return host.options(options, method, ...)
end

--- Words as a set.
---@usage resource.names("nodes disk")
---@param words string
---@return table<string, true>
function resource.names(words)
  return host.names(words)
end

--- The full name of a value of one of the contract's enumerations; the error lists the valid values.
---@usage resource.enum("qdrant.cloud.cluster.v1.ClusterPhase", "healthy", "phase")
---@param type_name string
---@param value string|integer with or without its prefix, in any case, or its number
---@param what string what it is, for the error
---@return string
function resource.enum(type_name, value, what)
  local name, known = host.enum_value(type_name, value)
  if not name then
    host.blame(("%s must be one of %s, got \"%s\""):format(what, table.concat(known, ", "),
      tostring(value)))
  end
  return name
end

--- A list argument of a method; an empty list when none is given. A string or a table with named
--- fields is an error.
---@usage resource.list({ "a" }, "pet:feed", "a list of meals")
---@param value? any
---@param method string who takes it, for the error
---@param what string what it is, for the error
---@return any[]
function resource.list(value, method, what)
  if value == nil then
    return {}
  elseif type(value) ~= "table" or #value == 0 and next(value) ~= nil then
    host.blame(("%s expects %s, got %s"):format(method, what,
      type(value) == "table" and "a table with named fields" or "a " .. type(value)))
  end
  return value
end

--- A string argument that a method requires.
---@usage resource.text("Rex", "pet:rename", "a name")
---@param value any
---@param method string who needs it, for the error
---@param what string what it is, for the error
---@return string
function resource.text(value, method, what)
  if type(value) ~= "string" or value == "" then
    host.blame(("%s needs %s, got %s"):format(method, what,
      value == "" and "an empty string" or value == nil and "nil" or "a " .. type(value)))
  end
  return value
end

-- Looking up ----------------------------------------------------------------------------------

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

--- The element with a name or an id; fails when none or several match. E-mail addresses match in any
--- case.
---@usage resource.pick({ { id = "1", name = "Rex" } }, "Rex", "pet")
---@param list table[]
---@param wanted string
---@param noun string
---@param field? string the field that holds the name; default: `name`
---@return table
function resource.pick(list, wanted, noun, field)
  field = field or "name"
  if type(wanted) ~= "string" or wanted == "" then
    host.blame(("which %s? Expected a name or an id, got %s"):format(noun,
      wanted == "" and "an empty string" or wanted == nil and "nothing" or "a " .. type(wanted)))
  end
  local found, any_case = {}, field:find("email$") and wanted:lower()
  for _, item in ipairs(list) do
    if item.id == wanted:lower() then
      return item
    elseif item[field] == wanted or any_case and item[field]:lower() == any_case then
      found[#found + 1] = item
    end
  end
  if #found == 1 then
    return found[1]
  elseif #found > 1 then
    local ids = {}
    for i, item in ipairs(found) do
      ids[i] = item.id
    end
    resource.fail("FAILED_PRECONDITION", ("%d %ss are named \"%s\"; use the id: %s"):format(
      #found, noun, wanted, table.concat(ids, ", ")))
  end
  local names, known = {}, {}
  for _, item in ipairs(list) do
    names[#names + 1] = item[field]
    known[item[field] or ""] = true
  end
  table.sort(names)
  local near = host.nearest_name(wanted, known)
  local hint = near and ("; did you mean \"%s\"?"):format(near)
    or #names == 0 and ("; there are no %ss"):format(noun)
    or "; there are " .. table.concat(names, ", ", 1, math.min(#names, 12))
      .. (#names > 12 and (" and %d more"):format(#names - 12) or "")
  resource.fail("NOT_FOUND", ("no %s named \"%s\"%s"):format(noun, wanted, hint))
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

--- The id of the cluster that the options name, or of the cluster that the module is scoped to.
---@usage resource.cluster_id(qdrant.backups, { cluster = "search-prod" })
---@async
---@param module { connection: table, cluster?: any }
---@param options? { cluster?: any } a handle, a name or an id
---@return string? id nil when there is no cluster
function resource.cluster_id(module, options)
  local wanted = options and options.cluster or module.cluster
  return wanted and resource.id_of(wanted, "cluster", function(name)
    return module.connection.clusters:find(name)
  end)
end

-- Changes -------------------------------------------------------------------------------------

--- How often a change is tried, the first pause, and the longest that a server may ask for, in seconds.
local ATTEMPTS, PAUSE, LONGEST = 6, 0.2, 60

--- How often a change is tried: by `--retries` or the context, or as usual.
local function attempts()
  local retries = require("qdrant").session.retries
  return retries and retries + 1 or ATTEMPTS
end

--- Waits before another attempt; false when the server asks to wait for too long.
local function rest(pause, problem)
  local asked = type(problem) == "table" and problem.retry_after or 0
  if asked > LONGEST then
    return false
  end
  require("task").sleep(math.max(pause, asked))
  return true
end

--- Looks whether a change was made, again while the service is unavailable. When that cannot be found
--- out, says that it may have been.
local function look(made, problem)
  local pause, most = PAUSE, attempts()
  for attempt = 1, most do
    local ok, result = pcall(made)
    if ok then
      return result
    elseif not resource.is_transient(result) then
      error(result, 0)
    elseif attempt == most or not rest(pause, result) then
      resource.fail(problem.code, ("%s; it may or may not have been done (%s): check before "
        .. "you retry"):format(problem.message or tostring(problem), result.message
          or tostring(result)), { outcome_unknown = true, method = problem.method })
    end
    pause = pause * 2
  end
end

--- Makes a change and retries it while the service is unavailable. Where doing it twice would matter,
--- `made` checks before each retry whether the change was made after all.
---@usage resource.change(function() return 1 end)
---@async
---@param call fun(): any
---@param made? fun(): any returns the result of the change if it was made, nil otherwise
---@return any
function resource.change(call, made)
  local pause, most = PAUSE, attempts()
  for attempt = 1, most do
    local ok, result = pcall(call)
    if ok then
      return result
    elseif not resource.is_transient(result) or attempt == most or not rest(pause, result) then
      error(result, 0)
    end
    pause = pause * 2
    local done = made and look(made, result)
    if done ~= nil then
      return done
    end
  end
end

--- Waits for a created or changed resource if the options say so.
---@usage resource.settle({ wait = function() end }, { wait = "5m" })
---@async
---@generic H
---@param handle H
---@param options? table of which `wait` and `progress` count
---@param is_new? boolean whether it was made just now: reads may not know of it yet
---@return H handle
function resource.settle(handle, options, is_new)
  if options and options.wait then
    handle:wait { timeout = options.wait, progress = options.progress, is_new = is_new }
  end
  return handle
end

--- Creates a resource that is known by its name. If the outcome is unknown, looks for the resource
--- before each retry. Fails if the name is taken, because a name that is used twice does not identify
--- a resource.
---@usage resource.create(function() return { id = "1" } end, function() return {} end, "a", {})
---@async
---@param call fun(): table creates and returns the object
---@param list fun(): table[] what there is
---@param name string
---@param options { noun?: string, field?: string, duplicate?: boolean }
---@return table
function resource.create(call, list, name, options)
  local field = options.field or "name"
  local before = {}
  for _, item in ipairs(list()) do
    before[item.id] = true
    if item[field] == name and not options.duplicate then
      local option = host.spelling("duplicate", "duplicate = true")
      resource.fail("ALREADY_EXISTS", ("a %s named \"%s\" already exists (%s)%s"):format(
        options.noun or "resource", name, item.id,
        option and ("; %s creates another one"):format(option) or ""), { existing = item })
    end
  end
  local made = resource.change(call, function()
    for _, item in ipairs(list()) do
      if item[field] == name and not before[item.id] then
        return item
      end
    end
  end)
  if made == nil and host.is_dry_run() then
    error(("dry run: the response would contain %s %s; a dry run cannot know it"):format(
      options.noun or "resource", name), 0)
  end
  return made
end

--- Creates a key, whose secret is only in the response. If the response was lost, the key is unusable:
--- it is deleted and created again.
---@usage resource.create_key(function() return { id = "1", key = secret.new("x") } end, function() return {} end, function() end, "a", {})
---@async
---@param call fun(): table creates and returns the key
---@param list fun(): table[] what keys there are
---@param delete fun(key: table)
---@param name string
---@param options { noun?: string, duplicate?: boolean }
---@return table
function resource.create_key(call, list, delete, name, options)
  local made = resource.create(call, list, name, options)
  for _ = 1, ATTEMPTS do
    if resource.is_secret(made.key) or host.is_dry_run() then
      return made
    end
    resource.delete(function() delete(made) end)
    made = resource.create(call, list, name, { noun = options.noun, duplicate = true })
  end
  resource.fail("UNAVAILABLE", ("%s %s could not be created: each response with its secret was "
    .. "lost, and the key was deleted again"):format(options.noun or "key", name))
end

--- Deletes a key that a run has made which was killed before it had written the secret: no one knows it.
--- Keys of the name that existed before that run are others'.
local function recover(file, keys, delete)
  local text, is_written = host.fs_marked(file)
  local ok, pending = pcall(host.json_decode, text or "")
  if not ok or type(pending) ~= "table" or type(pending.name) ~= "string" then
    return
  end
  if not is_written then
    local others = {}
    for _, id in ipairs(pending.others or {}) do
      others[id] = true
    end
    for _, key in ipairs(keys()) do
      if key.name == pending.name and not others[key.id] then
        delete(key)
      end
    end
  end
  host.fs_unmark(file)
end

--- Notes which key is going to be made for a file.
local function announce(file, name, keys)
  local others = host.list()
  for _, key in ipairs(keys()) do
    if key.name == name then
      others[#others + 1] = key.id
    end
  end
  host.fs_mark(file, require("json").encode { name = name, others = others })
end

--- Creates a key and writes its secret to a file that only its owner can read, in one step that cannot
--- be interrupted. Checks before that the file can be written; if writing fails nevertheless, deletes
--- the key, because its secret would be lost. A file next to it, `.NAME.pending`, names the key
--- meanwhile: if the program is killed, the next run for this file deletes the key whose secret was
--- lost, and creates another one.
---@usage resource.keep_secret("/tmp/a.key", function() return { key = secret.new("x") } end, function() end)
---@async
---@param file? string no file when nil; an existing file keeps its content until the key is created
---@param create fun(): table makes the key, whose secret is `key`
---@param delete fun(key: table)
---@param name? string the key's name, when keys are known by names
---@param keys? fun(): table[] the keys that exist
---@return table key
function resource.keep_secret(file, create, delete, name, keys)
  if not file or host.is_dry_run() then
    return create()
  end
  local function check(...)
    local ok, reason = pcall(...)
    if not ok and type(reason) == "string" then
      resource.fail("FAILED_PRECONDITION", ("%s; no key was created"):format(reason))
    elseif not ok then
      error(reason, 0)
    end
  end
  check(host.fs_check_place, file)
  -- An interruption leaves the key and its file, or neither.
  return require("task").shield(function()
    if name and keys then
      recover(file, keys, delete)
      check(announce, file, name, keys)
    end
    local made
    local ok, problem = pcall(function()
      made = create()
    end)
    if ok then
      ok, problem = pcall(made.key.write, made.key, file)
      if not ok then
        resource.delete(function() delete(made) end)
      end
    end
    if name and keys and (ok or not resource.is_transient(problem)) then
      host.fs_unmark(file)
    end
    if not ok then
      error(problem, 0)
    end
    return made
  end)
end

--- Deletes something; succeeds if it does not exist.
---@usage resource.delete(function() end)
---@async
---@param call fun()
function resource.delete(call)
  resource.change(function()
    local ok, problem = pcall(call)
    if not ok and not resource.is_missing(problem) then
      error(problem, 0)
    end
  end)
end

host.resource_object = resource.object
return resource
