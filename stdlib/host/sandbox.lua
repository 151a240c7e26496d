--- Local Qdrant Clouds: start and seed one, advance its time, inject faults, inspect its calls.
local host = ...

local sandbox = {}

---@class sandbox.Options
---@field speed? string|number "instant", "manual", or virtual seconds per real second
---@field seed? string|table "demo", "bare", a YAML string, or an equivalent table
---@field seed_number? integer the seed for generated ids, secrets and times
---@field lenient? string[] rules of the cloud that are not enforced
---@field data? string a directory to keep the data in
---@field faults? sandbox.Fault[]

---@class sandbox.Fault
---@field name? string
---@field method? string `cluster.get_cluster`, `GetCluster`, or a pattern with `*`
---@field account? string
---@field probability? number
---@field skip? integer
---@field times? integer
---@field status? string the name of a code, for example `UNAVAILABLE`
---@field message? string
---@field retry_after? string
---@field latency? string
---@field ["break"]? string `reset`, `disconnect`, `goaway` or `drop_response`
---@field trickle? { bytes: integer, every?: string|userdata }
---@field lifecycle? string `stuck` or `fail`
---@field reason? string
---@field stale? string

---@class sandbox.Handle
---@field endpoint string where it is reached
---@field account_id string its first account
---@field management_key userdata that account's key, a secret
---@field world string the world's name; empty for the first one
local Handle = { __name = "sandbox" }
Handle.__index = Handle

function Handle:__tostring()
  local world = self.world ~= "" and " world " .. self.world or ""
  return "sandbox " .. self.endpoint .. world
end

local function number_of(self)
  return rawget(self, "_number")
end

--- Makes a request of the admin API; an error of it is raised.
local function ask(self, verb, path, body)
  local status, answer = host.sandbox_request(number_of(self), verb, path, body or "", self.world)
  if status ~= 200 then
    local ok, decoded = pcall(host.json_decode, answer)
    error("sandbox: " .. (ok and decoded.error or answer), 3)
  end
  return answer
end

local function tell(self, verb, path, value)
  return host.json_decode(ask(self, verb, path, value ~= nil and host.json_encode(value) or ""))
end

local function describe(handle, told)
  handle.world = told.world or ""
  handle.account_id = told.account_id
  handle.management_key = told.management_key and host.make_secret(told.management_key) or nil
  handle.accounts = {}
  for _, account in ipairs(told.accounts or {}) do
    handle.accounts[account.name] = {
      id = account.id, management_key = host.make_secret(account.management_key),
    }
  end
  return handle
end

local function handle(number)
  local made = setmetatable(
    { _number = number, world = "", endpoint = host.sandbox_endpoint(number) }, Handle)
  return describe(made, tell(made, "GET", "/accounts"))
end

--- Starts a sandbox in this process. It ends with `close`, or with the program.
---@usage sandbox.start { speed = "instant" }:connect().api.cluster.list_clusters {}
---@async
---@param options? sandbox.Options
---@return sandbox.Handle
function sandbox.start(options)
  options = host.options(options, "sandbox.start", "speed seed seed_number lenient data faults")
  local seed = options.seed
  if type(seed) == "table" then
    seed = host.json_encode(seed)
  end
  local made = handle(host.sandbox_start(
    options.speed and tostring(options.speed) or "1", seed or "demo",
    options.seed_number and tostring(options.seed_number) or nil,
    table.concat(options.lenient or {}, ","), options.data))
  for _, fault in ipairs(options.faults or {}) do
    made:fault(fault)
  end
  return made
end

--- Attaches to the sandbox of this run (`--sandbox`), or to one of yours that is already running.
---@usage pcall(sandbox.attach, 1)
---@async
---@param port? integer which, when several run
---@return sandbox.Handle
function sandbox.attach(port)
  return handle(host.sandbox_attach(port))
end

--- Opens a session, with the account's management key or as a person.
---@usage world:connect().api.cluster.list_clusters {}
---@async
---@param options? { user?: string, account?: string, transport?: string }
function Handle:connect(options)
  options = host.options(options, "sandbox:connect", "user account transport")
  local account = self.accounts[options.account] or {}
  local wanted = {
    endpoint = self.endpoint, transport = options.transport,
    account = account.id or self.account_id,
  }
  if options.user then
    wanted.token = self:token(options.user)
  else
    wanted.api_key = account.management_key or self.management_key
  end
  return require("qdrant").connect(wanted)
end

--- A person's token, as a secret.
---@usage world:token("owner@example.com")
---@async
---@param user string the e-mail address
function Handle:token(user)
  return host.make_secret(tell(self, "POST", "/tokens", { user = user }).token)
end

--- The sandbox's time, as RFC 3339 text.
---@usage world:now()
---@async
---@return string
function Handle:now()
  return tell(self, "GET", "/time").now
end

--- Advances the time: schedules fire, keys expire, invoices appear.
---@usage world:advance("36h")
---@async
---@param length string|userdata for example "36h" or "30d"
---@return string the new time
function Handle:advance(length)
  return tell(self, "POST", "/time", { advance = tostring(length) }).now
end

--- Injects a fault.
---@usage world:fault { method = "*", code = "UNAVAILABLE", times = 1 }
---@async
---@param fault sandbox.Fault
---@return string its name
function Handle:fault(fault)
  return tell(self, "POST", "/faults", fault).names[1]
end

--- The faults, each with how many calls it saw and hit.
---@usage world:faults()
---@async
---@return table[]
function Handle:faults()
  return tell(self, "GET", "/faults").faults
end

--- Removes a fault, or all.
---@usage world:clear_faults()
---@async
---@param name? string
function Handle:clear_faults(name)
  ask(self, "DELETE", name and "/faults/" .. name or "/faults")
end

--- The latest calls that were answered, oldest first.
---@usage world:calls { limit = 5 }
---@async
---@param options? { after?: integer, limit?: integer }
---@return table[]
function Handle:calls(options)
  options = host.options(options, "sandbox:calls", "after limit")
  return tell(self, "GET", ("/calls?after=%d&limit=%d"):format(
    options.after or 0, options.limit or 1000)).calls
end

--- The API's own events, oldest first.
---@usage world:events { limit = 5 }
---@async
---@param options? { after?: integer, limit?: integer }
---@return table[]
function Handle:events(options)
  options = host.options(options, "sandbox:events", "after limit")
  return tell(self, "GET", ("/events?after=%d&limit=%d"):format(
    options.after or 0, options.limit or 1000)).events
end

--- Simulates an incident: `out_of_memory`, `recovery_mode`, `unreachable`, `maintenance`,
--- `recovered`.
---@usage world:incident("disk_full", cluster.id)
---@async
---@param kind string
---@param id string a cluster's or an environment's
function Handle:incident(kind, id)
  ask(self, "POST", "/incidents", host.json_encode({ kind = kind, id = id }))
end

--- Opens a fresh world in the same server: its own state, time, faults and secrets.
---@usage world:new_world()
---@async
---@return sandbox.Handle
function Handle:new_world()
  local made = setmetatable(
    { _number = number_of(self), world = "", endpoint = self.endpoint, _is_world = true }, Handle)
  return describe(made, tell(self, "POST", "/worlds"))
end

--- The whole state as a seed, in YAML.
---@usage world:export()
---@async
---@return string
function Handle:export()
  return ask(self, "GET", "/seed")
end

--- Resets the state to the initial one, or to another seed.
---@usage world:reset("bare")
---@async
---@param seed? string|table
function Handle:reset(seed)
  if type(seed) == "table" then
    seed = host.json_encode(seed)
  end
  describe(self, host.json_decode(ask(self, "POST", "/reset", seed)))
end

--- The whole state, as bytes for `restore`.
---@usage world:snapshot()
---@async
---@return string
function Handle:snapshot()
  return ask(self, "GET", "/snapshot")
end

--- Puts a snapshot in place of the whole state.
---@usage world:restore(snapshot)
---@async
---@param snapshot string
function Handle:restore(snapshot)
  describe(self, host.json_decode(ask(self, "POST", "/restore", snapshot)))
end

--- Ends a world, or a sandbox that was started here.
---@usage world:close()
---@async
function Handle:close()
  if rawget(self, "_is_world") then
    ask(self, "DELETE", "/worlds/" .. self.world)
  else
    host.sandbox_stop(number_of(self))
  end
end

function Handle:__close()
  self:close()
end

return sandbox
