--- Cluster handles: state, waits, changes of settings, and the resources that belong to a cluster.
local host = ...

local qdrant = require "qdrant"
local readiness = require "qdrant.resource.readiness"
local resource = require "qdrant.resource"
local settings = require "qdrant.resource.settings"
local task = require "task"
local wait = require "qdrant.resource.wait"

---@class qdrant.Cluster: qdrant.cloud.cluster.v1.Cluster
local Cluster = resource.handle("Cluster", { phase = readiness.phase })

local handle = { Cluster = Cluster }

--- How long a wait may take when nothing else is said.
local PATIENCE = "20m"

local function service(self)
  return self.connection.api.cluster
end

--- Reloads it.
---@usage qdrant.clusters:find("search-prod"):refresh()
---@async
---@return qdrant.Cluster self
function Cluster:refresh()
  return resource.renew(self, service(self).get_cluster { cluster_id = self.id }.cluster)
end

--- Its phase, without prefix: "HEALTHY".
---@usage qdrant.clusters:find("search-prod"):phase()
---@return string
function Cluster:phase()
  return readiness.phase(self)
end

--- The problems in its state: its reason, and its nodes that are not ready. For alerts see
--- `cluster:monitoring():alerts()`.
---@usage qdrant.clusters:find("search-prod"):problems()
---@return string[]
function Cluster:problems()
  return readiness.problems(self)
end

--- Its labels by key.
---@usage qdrant.clusters:find("search-prod"):label_map().env
---@return table<string, string>
function Cluster:label_map()
  return settings.map(self.labels)
end

--- The URL of its REST API; nil while it has no address.
---@usage qdrant.clusters:find("search-prod"):url()
---@return string?
function Cluster:url()
  local endpoint = self.state and self.state.endpoint
  if not endpoint or endpoint.url == "" then
    return nil
  end
  return ("%s:%d"):format(endpoint.url, endpoint.rest_port > 0 and endpoint.rest_port or 6333)
end

--- The URL of its dashboard in the console, which requires a login.
---@usage qdrant.clusters:find("search-prod"):dashboard()
---@return string
function Cluster:dashboard()
  return ("https://cloud.qdrant.io/accounts/%s/clusters/%s/dashboard"):format(self.account_id,
    self.id)
end

--- Waits, looking again and again.
---@async
---@param self qdrant.Cluster
---@param options qdrant.Wait
---@param what string
---@param kind? string what waits are alike
---@param judge fun(cluster: table): qdrant.wait.Verdict
---@param gone? boolean whether it is done when it is not there any longer
---@return qdrant.Cluster self
function handle.await(self, options, what, kind, judge, gone)
  wait {
    what = ("%s %s"):format(self.name, what), kind = kind, connection = self.connection,
    timeout = options.timeout, patience = PATIENCE,
    progress = options.progress, gone = gone, judge = judge, is_new = options.is_new,
    look = function()
      return resource.message(self:refresh())
    end,
  }
  return self
end

---@class qdrant.Wait
---@field timeout? string|number|boolean|userdata the longest time to wait: "15m"
---@field progress? boolean false hides the progress line

---@class qdrant.Cluster.Wait: qdrant.Wait
---@field kind? string groups similar waits to estimate how long they take: "cluster.create"
---@field change? table the change to wait for; default: the last change of this handle
---@field before? table the cluster before that change
---@field is_new? boolean whether it was just created

--- Waits until it is ready: HEALTHY, with its address, all its nodes and the requested version.
---@usage qdrant.clusters:find("search-prod"):wait()
---@async
---@param options? qdrant.Cluster.Wait
---@return qdrant.Cluster self
function Cluster:wait(options)
  options = resource.options(options, "cluster:wait",
    "timeout progress kind change before is_new")
  local last = rawget(self, "changed")
  local change = options.change or not options.before and last and last.change or nil
  local before = options.before or last and last.before
  handle.await(self, options, "to be ready", options.kind,
    readiness.ready(host.monotonic, change, before))
  rawset(self, "changed", nil)
  return self
end

--- Waits until a change has been made when options ask for that.
---@async
---@param self qdrant.Cluster
---@param options? table of which `wait` and `progress` count
---@param kind string what waits are alike
---@param change? table what was changed, as for `readiness.ready`
---@param before table the cluster as it was
---@return qdrant.Cluster self
function handle.settle(self, options, kind, change, before)
  -- A wait that comes later is for this change, too.
  rawset(self, "changed", { change = change, before = before })
  if options and options.wait then
    self:wait { timeout = options.wait, progress = options.progress, kind = kind,
      change = change, before = before }
  end
  return self
end

--- Fields whose change restarts the nodes.
local RESTARTS = {
  "^configuration%.database_configuration", "^configuration%.service_type",
  "^configuration%.node_selector", "^configuration%.tolerations",
  "^configuration%.topology_spread_constraints", "^configuration%.annotations",
  "^configuration%.pod_labels", "^configuration%.reserved_", "_storage_class$",
}

--- A field by its path; nil when something on the way is not set.
local function field_at(message, path)
  for name in path:gmatch("[^.]+") do
    if message == nil then
      return nil
    end
    message = message[name]
  end
  return message
end

--- Whether the sent change restarts the nodes: a setting that it had before does not.
local function has_restart(mask, before, after)
  for _, path in ipairs(mask) do
    for _, pattern in ipairs(RESTARTS) do
      if path:find(pattern)
        and host.show(field_at(before, path)) ~= host.show(field_at(after, path)) then
        return true
      end
    end
  end
  return false
end

--- Sends what a table sets, and nothing else: what others change meanwhile stays.
---@async
---@param self qdrant.Cluster
---@param cluster table
---@return string[] mask
function handle.send(self, cluster)
  local mask = qdrant.mask(cluster)
  if #mask == 0 then
    return mask
  end
  cluster.id, cluster.account_id = self.id, self.account_id
  resource.renew(self, resource.change(function()
    return service(self).update_cluster { cluster = cluster, update_mask = mask }.cluster
  end))
  return mask
end

---@class qdrant.Cluster.Update: qdrant.clusters.Settings
---@field name? string
---@field labels? table<string, string>|qdrant.Null replaces all labels; `cluster:label` keeps the others
---@field wait? boolean|string|userdata waits until it is done; a string is the timeout: "15m"
---@field progress? boolean false hides the progress line

--- Changes the given settings and keeps the others; `qdrant.null` clears a setting.
---@usage qdrant.clusters:find("search-prod"):update { labels = { env = "prod", team = "search" } }
---@async
---@param options qdrant.Cluster.Update
---@return qdrant.Cluster self
function Cluster:update(options)
  local cluster = settings.cluster(options, { wait = true, progress = true }, "cluster:update")
  local before = resource.message(self:refresh())
  local mask = handle.send(self, cluster)
  return handle.settle(self, options, "cluster.update", {
    restarts = has_restart(mask, before, resource.message(self)),
    since = self.configuration.last_modified_at,
  }, before)
end

--- Changes exactly the given API fields, in one call.
---@usage qdrant.clusters:find("search-prod"):patch { configuration = { number_of_nodes = 3 } }
---@async
---@param fields table
---@param options? { wait?: boolean|string|userdata, progress?: boolean, package?: table, disk?: integer } package and disk: of each node after the change
---@return qdrant.Cluster self
function Cluster:patch(fields, options)
  options = resource.options(options, "cluster:patch", "wait progress package disk")
  local before = resource.message(self:refresh())
  local mask = handle.send(self, fields)
  return handle.settle(self, options, "cluster.update", {
    restarts = has_restart(mask, before, resource.message(self)),
    since = self.configuration.last_modified_at,
    package = options.package, disk = options.disk,
  }, before)
end

--- Gives it another name; id and address stay.
---@usage local c = qdrant.clusters:find("search-prod") c:rename("search-prod")
---@async
---@param name string
---@return qdrant.Cluster self
function Cluster:rename(name)
  handle.send(self, { name = resource.text(name, "cluster:rename", "a name") })
  return self
end

--- How often a list is changed that others change at the same time, and the longest first pause.
local TRIES, PAUSE = 10, 0.2

--- Changes a list of it: others may do so, too, so it is read, changed, and looked at afterwards.
local function change_list(self, read, change, build)
  for try = 1, TRIES do
    self:refresh()
    local wanted = change(read(self))
    if not wanted then
      return self
    end
    handle.send(self, build(wanted))
    -- What was written together with another's change may not be what is there. A look that is behind
    -- the answer tells nothing.
    local answer = resource.message(self)
    local written, seen = answer.configuration.last_modified_at,
      self:refresh().configuration.last_modified_at
    if written and seen and seen < written then
      return resource.renew(self, answer)
    elseif not change(read(self)) then
      return self
    end
    -- Those who collide do so again unless they wait differently long.
    task.sleep(math.random() * PAUSE * try)
  end
  resource.fail("ABORTED", self.name .. ": too many concurrent changes; retry later")
end

--- Sets labels and removes those that are `false`; keeps the others.
---@usage qdrant.clusters:find("search-prod"):label { owner = "me", obsolete = false }
---@async
---@param labels table<string, string|boolean>
---@return qdrant.Cluster self
function Cluster:label(labels)
  if type(labels) ~= "table" or #labels > 0 then
    error("cluster:label expects labels by key: { env = \"prod\", obsolete = false }", 2)
  end
  return change_list(self, Cluster.label_map, function(map)
    local is_changed = false
    for key, value in pairs(labels) do
      local wanted = value ~= false and tostring(value) or nil
      is_changed = is_changed or map[key] ~= wanted
      map[key] = wanted
    end
    return is_changed and map
  end, function(map)
    return { labels = next(map) and settings.pairs(map) or qdrant.null }
  end)
end

--- A block of one address when no length is given.
local function block(text)
  return text:find("/") and text or text .. "/32"
end

--- Adds and removes IPv4 address blocks that may connect. Fails when no block would be left, because
--- then everybody could connect.
---@usage local c = qdrant.clusters:find("search-prod") c:allow({ "203.0.113.0/24" }) c:allow({ "198.51.100.7" }, { "203.0.113.0/24" })
---@async
---@param add? string[]
---@param remove? string[]
---@return qdrant.Cluster self
function Cluster:allow(add, remove)
  add = resource.list(add, "cluster:allow", "a list of address blocks")
  remove = resource.list(remove, "cluster:allow", "a list of address blocks")
  return change_list(self, function(cluster)
    return cluster.configuration.allowed_ip_source_ranges
  end, function(present)
    local unwanted, seen, wanted, is_changed = {}, {}, {}, false
    for _, range in ipairs(remove) do
      unwanted[block(range)] = true
    end
    for _, range in ipairs(present) do
      if unwanted[range] then
        is_changed = true
      elseif not seen[range] then
        seen[range] = true
        wanted[#wanted + 1] = range
      end
    end
    for _, range in ipairs(add) do
      range = block(range)
      if not seen[range] then
        seen[range], is_changed = true, true
        wanted[#wanted + 1] = range
      end
    end
    if is_changed and #wanted == 0 then
      local option = host.spelling("allow_none", "cluster:update { allow = qdrant.null }")
      resource.fail("FAILED_PRECONDITION", self.name .. ": without address blocks everybody may "
        .. "connect" .. (option and ("; use %s if that is intended"):format(option) or ""))
    end
    return is_changed and wanted
  end, function(wanted)
    return { configuration = { allowed_ip_source_ranges = wanted } }
  end)
end

-- What belongs to it --------------------------------------------------------------------------

--- Its database keys.
---@usage qdrant.clusters:find("search-prod"):keys():list()
---@return qdrant.keys
function Cluster:keys()
  return resource.scoped("keys", self.connection, { cluster = self })
end

--- Its backups.
---@usage qdrant.clusters:find("search-prod"):backups():list()
---@return qdrant.backups
function Cluster:backups()
  return resource.scoped("backups", self.connection, { cluster = self })
end

--- Its backup schedules.
---@usage qdrant.clusters:find("search-prod"):schedules():list()
---@return qdrant.schedules
function Cluster:schedules()
  return resource.scoped("schedules", self.connection, { cluster = self })
end

--- The restores into it.
---@usage qdrant.clusters:find("search-prod"):restores():list()
---@return qdrant.restores
function Cluster:restores()
  return resource.scoped("restores", self.connection, { cluster = self })
end

--- Its metrics, logs and alerts.
---@usage qdrant.clusters:find("search-prod"):monitoring():alerts()
---@return qdrant.monitoring
function Cluster:monitoring()
  return resource.scoped("monitoring", self.connection, { cluster = self })
end

--- Creates a backup of it; takes the options of `backups:create`.
---@usage qdrant.clusters:find("search-prod"):backup { name = "before-migration", retention = "30d" }
---@async
---@param options qdrant.backups.Options
---@return qdrant.Backup
function Cluster:backup(options)
  return self:backups():create(options)
end

return handle
