--- Qdrant Cloud: `qdrant.api` mirrors the contract, one module for each package.
local host = ...

local qdrant = {}

--- Clears a field in an update, where leaving it out would mean "no change".
---@type qdrant.Null
qdrant.null = host.null

--- The update mask for the fields that a table sets: for
--- `{ name = …, configuration = { number_of_nodes = … } }` it is "configuration.number_of_nodes"
--- and "name".
--- A list is one path, and so is a field that is cleared with `qdrant.null`.
---@usage qdrant.mask { name = "x", configuration = { number_of_nodes = 3 } }
---@param resource table
---@return string[]
function qdrant.mask(resource)
  return host.mask(resource)
end

--- Whether this is a dry run (`--dry-run`): changes are shown, not sent.
---@usage qdrant.is_dry_run()
---@return boolean
function qdrant.is_dry_run()
  return host.is_dry_run()
end

--- The present time, as a time value.
---@usage qdrant.now()
function qdrant.now()
  return host.now()
end

--- Seconds of a monotonic clock, for measuring durations.
---@usage qdrant.clock()
---@return number
function qdrant.clock()
  return host.monotonic()
end

-- Methods -------------------------------------------------------------------------------------

local Method = { __name = "method" }
local methods = {}

local readable = {
  name = "name", permissions = "permissions", http = "http", request = "request",
  response = "response", deprecated = "deprecated",
}

local function info(self)
  local known = rawget(self, "_info")
  if not known then
    known = host.method_info(rawget(self, "_number"))
    rawset(self, "_info", known)
  end
  return known
end

--- What a method is called by, for errors about its arguments.
local function name_of(self)
  return "qdrant.api." .. info(self).name
end

--- What a dry run has answered instead of the cloud.
local echoes = setmetatable({}, { __mode = "k" })

function Method.__call(self, request, options)
  if request ~= nil and type(request) ~= "table" or options ~= nil and type(options) ~= "table" then
    host.check_arguments("t?,t?", name_of(self), request, options)
  end
  local place = rawget(self, "_place")
  if place.account and not (options and options.account_id) then
    local all = { account_id = place.account }
    for name, value in pairs(options or {}) do
      all[name] = value
    end
    options = all
  end
  local response, is_echo = host.call(place.session(), rawget(self, "_number"), request, options)
  if is_echo then
    echoes[response] = true
  end
  return response
end

--- Whether a response was made up by a dry run (`--dry-run`) instead of coming from the cloud.
---@usage qdrant.is_echo(qdrant.api.cluster.list_clusters {})
---@param response? table
---@return boolean
function qdrant.is_echo(response)
  return response ~= nil and echoes[response] == true
end

function Method.__index(self, key)
  local fn = methods[key]
  if fn then
    return fn
  end
  if readable[key] then
    return info(self)[key]
  end
  error("a method has no \"" .. tostring(key) .. "\"; it has each, all, describe, name, "
    .. "permissions, http, request and response", 2)
end

function Method.__newindex(_, key)
  error("a method cannot be changed (\"" .. tostring(key) .. "\")", 2)
end

function Method.__tostring(self)
  return "method " .. info(self).name
end

--- Iterates over the elements of every page, fetching pages as they are needed.
---@param request? table
---@param options? table
function methods.each(self, request, options)
  host.check_arguments("t?,t?", name_of(self) .. ":each", request, options)
  local facts = info(self)
  if not facts.items then
    error(facts.name .. " does not list anything", 2)
  end
  local page_request = {}
  for key, value in pairs(request or {}) do
    page_request[key] = value
  end
  local items, index, finished = nil, 0, false
  local seen = {}
  return function()
    while true do
      if items then
        index = index + 1
        local item = items[index]
        if item ~= nil then
          return item
        end
      end
      if finished then
        return nil
      end
      local page = self(page_request, options)
      items, index = page[facts.items], 0
      local token = facts.paginated and page.next_page_token or nil
      if token == nil or token == "" then
        finished = true
      elseif seen[token] then
        error(facts.name .. ": the server repeats the page token " .. token, 2)
      else
        seen[token] = true
        page_request.page_token = token
      end
    end
  end
end

--- The elements of every page, as one list.
---@param request? table
---@param options? table
---@return table
function methods.all(self, request, options)
  host.check_arguments("t?,t?", name_of(self) .. ":all", request, options)
  local result = host.list()
  for item in methods.each(self, request, options) do
    result[#result + 1] = item
  end
  return result
end

--- The contract's description of the method, as a string.
---@return string
function methods.describe(self)
  return host.method_page(rawget(self, "_number"))
end

-- Modules -------------------------------------------------------------------------------------

--- A module; its methods' calls go to a place: a session, and an account instead of the session's.
local function module_at(place, path)
  local facts = host.api_module(path)
  if not facts then
    return nil
  end
  local children = {}
  for _, child in ipairs(facts.children) do
    children[child] = true
  end
  local module = {}
  return setmetatable(module, {
    __name = "module",
    __index = function(_, name)
      local number = facts.methods[name]
      local value
      if number then
        value = setmetatable({ _place = place, _number = number }, Method)
      elseif children[name] then
        value = module_at(place, path == "" and name or path .. "." .. name)
      end
      if value == nil then
        if type(name) ~= "string" then
          return nil
        end
        local near = host.nearest_name(name, facts.methods) or host.nearest_name(name, children)
        error(("qdrant.api%s has no \"%s\"%s"):format(path == "" and "" or "." .. path, name,
          near and "; did you mean \"" .. near .. "\"?" or ""), 2)
      end
      rawset(module, name, value)
      return value
    end,
    __pairs = function()
      local all = {}
      for name in pairs(facts.methods) do
        all[name] = module[name]
      end
      for name in pairs(children) do
        all[name] = module[name]
      end
      return next, all
    end,
    __tostring = function()
      return "module qdrant.api" .. (path == "" and "" or "." .. path)
    end,
  })
end

-- Sessions ------------------------------------------------------------------------------------

--- Names of the modules of `qdrant`: `clusters`, `stack` …
local libraries = {}
for _, name in ipairs(host.libraries) do
  libraries[name] = true
end

--- A module for people: of the connection when it is about what there is in an account.
local function library(connection, name)
  if not libraries[name] then
    return nil
  end
  local module = require("qdrant." .. name)
  return host.resource_object and host.resource_object(name, connection) or module
end

local function unknown(what, name, others)
  if type(name) == "string" then
    local near = host.nearest_name(name, libraries) or host.nearest_name(name, others)
    error(("%s has no \"%s\"%s"):format(what, name,
      near and "; did you mean \"" .. near .. "\"?" or ""), 3)
  end
end

local Connection = {
  __name = "connection",
  __index = function(self, name)
    local module = library(self, name)
    if module then
      rawset(self, name, module)
    else
      unknown("a connection", name, { api = true, session = true })
    end
    return module
  end,
}

--- Where the calls of connections go.
local places = setmetatable({}, { __mode = "k" })

local function connection_to(place)
  local connection = setmetatable({}, Connection)
  local function facts()
    local known = host.session_info(place.session())
    known.account_id = place.account or known.account_id
    return known
  end
  connection.api = module_at(place, "")
  connection.session = setmetatable({}, {
    __name = "session",
    __index = function(_, key)
      return facts()[key]
    end,
    __tostring = function()
      local known = facts()
      return ("session of %s at %s over %s, account %s"):format(known.credential, known.endpoint,
        known.transport, known.account_id or "(not known yet)")
    end,
    __pairs = function()
      return next, facts()
    end,
  })
  places[connection.session] = place
  return connection
end

---@class qdrant.ConnectOptions
---@field context? string a context of the configuration file
---@field account? string the account's id
---@field endpoint? string the gRPC endpoint: "host:port" or "https://host:port"
---@field rest_endpoint? string the REST endpoint
---@field transport? "grpc"|"rest"
---@field api_key? string|qdrant.Secret a management key
---@field token? string|qdrant.Secret a person's token
---@field like? table a connection whose session it uses, for another account

--- Why a request is invalid by the contract, as far as the caller can fix it; nil when it is valid.
function host.problem_of(connection, type_name, request)
  return host.request_problem(places[connection.session].session(), type_name, request)
end

--- Whether a connection's credential is the management key with a prefix.
function host.uses_key(connection, prefix)
  local place = places[connection.session]
  return place ~= nil and host.session_uses(place.session(), prefix)
end

--- Opens another session, for another context, account or endpoint, with the same modules. With
--- `like` it reuses the session and the credential of another connection, for another account.
---@usage qdrant.connect { transport = "rest" }.api.account.list_accounts {}
---@param options? qdrant.ConnectOptions
---@return qdrant
function qdrant.connect(options)
  if options and options.like then
    local place = places[options.like.session]
    if not place or type(options.account) ~= "string" then
      error("qdrant.connect: like needs a connection and an account", 2)
    end
    return connection_to { session = place.session, account = options.account }
  end
  local number
  local function session()
    if not number then
      number = host.connect(options or {})
    end
    return number
  end
  if options then
    session()
  end
  return connection_to { session = session }
end

-- The default session opens when it is first used.
local default = qdrant.connect()
qdrant.api = default.api
qdrant.session = default.session

return setmetatable(qdrant, {
  __index = function(self, name)
    local module = library(self, name)
    if module then
      rawset(self, name, module)
    else
      unknown("qdrant", name, self)
    end
    return module
  end,
})
