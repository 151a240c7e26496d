--- Clusters: found by name, created by size, changed and waited for.
local host = ...

local qdrant = require "qdrant"
local readiness = require "qdrant.resource.readiness"
local resource = require "qdrant.resource"
local settings = require "qdrant.resource.settings"
local units = require "qdrant.resource.units"
local wait = require "qdrant.resource.wait"

---@class qdrant.clusters
local Clusters = resource.module "clusters"

---@class qdrant.Cluster: qdrant.cloud.cluster.v1.Cluster
local Cluster = resource.handle("Cluster", { phase = readiness.phase })

--- How long a wait may take when nothing else is said.
local PATIENCE = "20m"

local function service(self)
  return self.connection.api.cluster
end

local function wrap(self, message)
  return resource.wrap(Cluster, message, self.connection)
end

-- Finding -------------------------------------------------------------------------------------

---@class qdrant.clusters.Filter
---@field cloud? string the provider: "aws"
---@field region? string
---@field labels? table<string, string|boolean> label values; true for any value
---@field phase? string "HEALTHY"
---@field name? string a pattern of Lua that the name has
---@field deleted? boolean whether those that are being deleted count, too

local function fits(filter)
  local phase = filter.phase and filter.phase:upper():gsub("^CLUSTER_PHASE_", "")
  return function(cluster)
    if cluster.deleted_at and not filter.deleted
      or filter.cloud and cluster.cloud_provider_id ~= filter.cloud
      or filter.region and cluster.cloud_provider_region_id ~= filter.region
      or phase and readiness.phase(cluster) ~= phase
      or filter.name and not cluster.name:find(filter.name) then
      return false
    end
    local labels = settings.map(cluster.labels)
    for key, value in pairs(filter.labels or {}) do
      if value == true and labels[key] == nil or value ~= true and labels[key] ~= value then
        return false
      end
    end
    return true
  end
end

local filters = { cloud = true, region = true, labels = true, phase = true, name = true,
  deleted = true }

--- The clusters of the account, the oldest first; those that are being deleted are left out.
---@usage qdrant.clusters:list { labels = { env = "prod" } }
---@async
---@param filter? qdrant.clusters.Filter
---@return qdrant.Cluster[]
function Clusters:list(filter)
  filter = filter or {}
  for name in pairs(filter) do
    if not filters[name] then
      local near = host.nearest_name(name, filters)
      error(("clusters:list has no filter \"%s\"%s"):format(tostring(name),
        near and "; did you mean \"" .. near .. "\"?" or ""), 2)
    end
  end
  local all = service(self).list_clusters:all {
    cloud_provider_id = filter.cloud, page_size = 250,
    cloud_provider_region_id = filter.cloud and filter.region,
  }
  return resource.wrap_all(Cluster, all, self.connection, fits(filter))
end

--- A cluster by id.
---@usage qdrant.clusters:get(qdrant.clusters:list()[1].id)
---@async
---@param id string
---@return qdrant.Cluster
function Clusters:get(id)
  return wrap(self, service(self).get_cluster { cluster_id = id }.cluster)
end

--- A cluster by name or id; an error when there is none, or more than one of the name.
---@usage qdrant.clusters:find("search-prod")
---@async
---@param wanted string|qdrant.Cluster
---@return qdrant.Cluster
function Clusters:find(wanted)
  if type(wanted) == "table" then
    return wanted
  elseif resource.is_id(wanted) then
    return self:get(wanted)
  end
  return resource.pick(self:list(), wanted, "cluster")
end

-- Creating ------------------------------------------------------------------------------------

---@class qdrant.clusters.Options
---@field name? string the cloud suggests one when not given
---@field cloud string the provider: "aws"; "hybrid" for an environment of one's own
---@field region string the region, or the name or id of a hybrid environment
---@field cpu? string|number of a node: "2000m" or 2
---@field ram? string|number of a node: "8GiB"
---@field disk? string|number of a node, all in all: "50GiB"
---@field gpu? string|number
---@field package? string the package by name or id, instead of a size
---@field multi_az? boolean
---@field nodes? integer 1 when not given
---@field labels? table<string, string>
---@field allow? string[] blocks of addresses that may connect
---@field configuration? table anything else, as the API has it
---@field wait? boolean|string waits until it is ready, at most so long: "15m"
---@field duplicate? boolean whether the name may be taken
---@field progress? boolean false for no line on the terminal

local creation = {
  cloud = true, region = true, cpu = true, ram = true, disk = true, gpu = true, package = true,
  multi_az = true, wait = true, duplicate = true, tier = true, progress = true,
}

--- Where a cluster is to be: a hybrid environment may be named.
local function place(self, options)
  if not options.cloud or not options.region then
    error("a cluster needs cloud and region: { cloud = \"aws\", region = \"eu-central-1\" }", 3)
  end
  local region = options.region
  if options.cloud == "hybrid" and not resource.is_id(region) then
    region = self.connection.environments:find(region).id
  end
  return { cloud = options.cloud, region = region, package = options.package, cpu = options.cpu,
    ram = options.ram, gpu = options.gpu, disk = options.disk, multi_az = options.multi_az,
    tier = options.tier, nodes = options.nodes, storage = options.storage }
end

--- GiB on top of a package's disk, so that a node has so much.
local function extra_disk(disk, package)
  local extra = units.gib(disk, "disk") - units.gib(package.resource_configuration.disk)
  if extra < 0 then
    error(("package %s has %s of disk for each node; disk cannot be less (%s)"):format(package.name,
      package.resource_configuration.disk, tostring(disk)), 3)
  end
  return extra
end

--- Creates a cluster.
---@usage qdrant.clusters:create { name = "search-" .. crypto.uuid():sub(1, 8), cloud = "aws", region = "eu-central-1", cpu = "500m", ram = "2GiB" }
---@async
---@param options qdrant.clusters.Options
---@return qdrant.Cluster
function Clusters:create(options)
  local cluster = settings.cluster(options, creation, "clusters:create")
  local size = place(self, options)
  local package = self.connection.packages:choose(size)
  cluster.name = cluster.name or self:suggest_name()
  cluster.cloud_provider_id, cluster.cloud_provider_region_id = size.cloud, size.region
  cluster.configuration = cluster.configuration or {}
  local configuration = cluster.configuration
  configuration.package_id = package.id
  configuration.number_of_nodes = configuration.number_of_nodes or 1
  if options.disk then
    local extra = extra_disk(options.disk, package)
    configuration.additional_resources = extra > 0 and { disk = extra } or nil
  end
  local made = resource.create(function()
    return service(self).create_cluster { cluster = cluster }.cluster
  end, function()
    return self:list()
  end, cluster.name, { noun = "cluster", duplicate = options.duplicate })
  local handle = wrap(self, made)
  if options.wait then
    handle:wait { timeout = options.wait, kind = "cluster.create", progress = options.progress }
  end
  return handle
end

--- The cluster of a name; it is created when there is none.
---@usage qdrant.clusters:ensure { name = "search-prod", cloud = "aws", region = "eu-central-1", package = "gpx3" }
---@async
---@param options qdrant.clusters.Options
---@return qdrant.Cluster cluster
---@return boolean created
function Clusters:ensure(options)
  if not options.name then
    error("clusters:ensure needs a name", 2)
  end
  for _, cluster in ipairs(self:list()) do
    if cluster.name == options.name then
      return cluster, false
    end
  end
  return self:create(options), true
end

--- Creates a cluster from a backup, with the configuration that the backup has. Its data is there
--- when it is ready.
---@usage local b = qdrant.backups:list()[1] qdrant.clusters:from_backup { backup = b, name = "copy-" .. crypto.uuid():sub(1, 8) }
---@async
---@param options { backup: any, name: string, wait?: boolean|string, duplicate?: boolean }
---@return qdrant.Cluster
function Clusters:from_backup(options)
  local id = resource.id_of(options.backup, "backup", function(name)
    return self.connection.backups:find(name)
  end)
  local made = resource.create(function()
    return service(self).create_cluster_from_backup {
      backup_id = id, cluster_name = options.name,
    }.cluster
  end, function()
    return self:list()
  end, options.name, { noun = "cluster", duplicate = options.duplicate })
  local handle = wrap(self, made)
  if options.wait then
    handle:wait { timeout = options.wait, kind = "cluster.from_backup",
      progress = options.progress }
  end
  return handle
end

--- A name that no cluster of the account has.
---@usage qdrant.clusters:suggest_name()
---@async
---@return string
function Clusters:suggest_name()
  return service(self).suggest_cluster_name({}).name
end

--- What a cluster would cost; options as for `create`.
---@usage qdrant.clusters:quote { cloud = "aws", region = "eu-central-1", package = "gpx3", nodes = 3 }
---@async
---@param options qdrant.clusters.Options
---@return { currency: string, hourly: number, monthly: number, discount: number, package: string, quote: table }
function Clusters:quote(options)
  return self.connection.packages:quote(place(self, options))
end

-- One cluster ---------------------------------------------------------------------------------

--- Looks at it anew.
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

--- What is wrong with it by its own account: its reason, and its nodes that are not ready. Alerts are
--- another thing: `cluster:monitoring():alerts()`.
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

--- Where its REST API answers; nil as long as it has no address.
---@usage qdrant.clusters:find("search-prod"):url()
---@return string?
function Cluster:url()
  local endpoint = self.state and self.state.endpoint
  if not endpoint or endpoint.url == "" then
    return nil
  end
  return ("%s:%d"):format(endpoint.url, endpoint.rest_port > 0 and endpoint.rest_port or 6333)
end

--- The page of its dashboard in the console. To open it one has to be logged in there.
---@usage qdrant.clusters:find("search-prod"):dashboard()
---@return string
function Cluster:dashboard()
  return ("https://cloud.qdrant.io/accounts/%s/clusters/%s/dashboard"):format(self.account_id,
    self.id)
end

--- Waits, looking again and again.
local function await(self, options, what, kind, judge, gone)
  wait {
    what = ("%s %s"):format(self.name, what), kind = kind, connection = self.connection,
    timeout = options.timeout, patience = PATIENCE,
    progress = options.progress, gone = gone, judge = judge,
    look = function()
      return self:refresh()[1]
    end,
  }
  return self
end

---@class qdrant.Wait
---@field timeout? string|number|boolean how long at most: "15m"
---@field progress? boolean false for no line on the terminal

--- Waits until it is ready: HEALTHY, with its address, all nodes and the version that it is to have.
---@usage qdrant.clusters:find("search-prod"):wait()
---@async
---@param options? qdrant.Wait
---@return qdrant.Cluster self
function Cluster:wait(options)
  options = options or {}
  return await(self, options, "to be ready", options.kind,
    readiness.ready(host.monotonic, options.change, options.before))
end

--- Options of methods that may wait.
local function waits(self, options, kind, change, before)
  if options and options.wait then
    self:wait { timeout = options.wait, progress = options.progress, kind = kind,
      change = change, before = before }
  end
  return self
end

--- Fields whose change has the nodes start anew.
local RESTARTS = {
  "^configuration%.database_configuration", "^configuration%.service_type",
  "^configuration%.node_selector", "^configuration%.tolerations",
  "^configuration%.topology_spread_constraints", "^configuration%.annotations",
  "^configuration%.pod_labels", "^configuration%.reserved_", "_storage_class$",
}

local function has_restart(mask)
  for _, path in ipairs(mask) do
    for _, pattern in ipairs(RESTARTS) do
      if path:find(pattern) then
        return true
      end
    end
  end
  return false
end

--- Sends what a table sets, and nothing else: what others change meanwhile stays.
local function send(self, cluster)
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

--- Changes settings; only what is named changes, `qdrant.null` clears it.
---@usage qdrant.clusters:find("search-prod"):update { labels = { env = "prod", team = "search" } }
---@async
---@param options table as for `create`; nodes, package and version have methods of their own
---@return qdrant.Cluster self
function Cluster:update(options)
  local cluster = settings.cluster(options, { wait = true, progress = true }, "cluster:update")
  local before = self:refresh()[1]
  local mask = send(self, cluster)
  return waits(self, options, "cluster.update", {
    restarts = has_restart(mask), since = self.configuration.last_modified_at,
  }, before)
end

--- Changes fields as the API has them and nothing else, in one call.
---@usage qdrant.clusters:find("search-prod"):patch { configuration = { number_of_nodes = 3 } }
---@async
---@param fields table
---@param options? { wait?: boolean|string, progress?: boolean, package?: table, disk?: integer } package and disk: what nodes are to have when it is done
---@return qdrant.Cluster self
function Cluster:patch(fields, options)
  local before = self:refresh()[1]
  local mask = send(self, fields)
  return waits(self, options, "cluster.update", {
    restarts = has_restart(mask), since = self.configuration.last_modified_at,
    package = options and options.package, disk = options and options.disk,
  }, before)
end

--- Gives it another name; id and address stay.
---@usage local c = qdrant.clusters:find("search-prod") c:rename("search-prod")
---@async
---@param name string
---@return qdrant.Cluster self
function Cluster:rename(name)
  send(self, { name = name })
  return self
end

--- Changes a list of it: others may do so, too, so it is read, changed, and looked at afterwards.
local function change_list(self, read, change, build)
  for _ = 1, 5 do
    self:refresh()
    local wanted = change(read(self))
    if not wanted then
      return self
    end
    send(self, build(wanted))
    -- What was written together with another's change may not be what is there.
    if not change(read(self:refresh())) then
      return self
    end
  end
  resource.fail("ABORTED", self.name .. ": others change it at the same time")
end

--- Sets labels and removes those that are false; the others stay.
---@usage qdrant.clusters:find("search-prod"):label { owner = "me", obsolete = false }
---@async
---@param labels table<string, string|boolean>
---@return qdrant.Cluster self
function Cluster:label(labels)
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

--- Adds blocks of IPv4 addresses that may connect, and removes others. Removing the last one would
--- open the cluster to everybody, so that is refused.
---@usage local c = qdrant.clusters:find("search-prod") c:allow({ "203.0.113.0/24" }) c:allow({ "198.51.100.7" }, { "203.0.113.0/24" })
---@async
---@param add? string[]
---@param remove? string[]
---@return qdrant.Cluster self
function Cluster:allow(add, remove)
  return change_list(self, function(cluster)
    return cluster.configuration.allowed_ip_source_ranges
  end, function(present)
    local unwanted, seen, wanted, is_changed = {}, {}, {}, false
    for _, range in ipairs(remove or {}) do
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
    for _, range in ipairs(add or {}) do
      range = block(range)
      if not seen[range] then
        seen[range], is_changed = true, true
        wanted[#wanted + 1] = range
      end
    end
    if is_changed and #wanted == 0 then
      resource.fail("FAILED_PRECONDITION", self.name .. ": without any block of addresses everybody"
        .. " may connect; cluster:update { allow = qdrant.null } does so")
    end
    return is_changed and wanted
  end, function(wanted)
    return { configuration = { allowed_ip_source_ranges = wanted } }
  end)
end

-- Size ----------------------------------------------------------------------------------------

--- The package that its nodes have.
---@usage qdrant.clusters:find("search-prod"):package().name
---@async
---@return table
function Cluster:package()
  return self.connection.packages:find(self.configuration.package_id, {
    cloud = self.cloud_provider_id, region = self.cloud_provider_region_id,
  })
end

---@class qdrant.Cluster.Size
---@field nodes? integer
---@field cpu? string|number
---@field ram? string|number
---@field disk? string|number of a node, all in all; it never shrinks
---@field gpu? string|number
---@field package? string
---@field storage? string "balanced"
---@field wait? boolean|string
---@field force? boolean whether to scale down though what is in use would not fit

local sizes = { nodes = true, cpu = true, ram = true, disk = true, gpu = true, package = true,
  storage = true, wait = true, force = true, progress = true }

--- The package and the disk that a size means for this cluster; what is not named stays.
local function target(self, options)
  local present = self:package()
  local package = present
  if options.package or options.cpu or options.ram or options.gpu then
    local has = present.resource_configuration
    package = self.connection.packages:choose {
      cloud = self.cloud_provider_id, region = self.cloud_provider_region_id,
      package = options.package, multi_az = present.multi_az,
      cpu = not options.package and (options.cpu or has.cpu) or nil,
      ram = not options.package and (options.ram or has.ram) or nil,
      gpu = not options.package and (options.gpu or has.gpu) or nil,
    }
  end
  local extra = self.configuration.additional_resources
  local total = units.gib(present.resource_configuration.disk) + (extra and extra.disk or 0)
  local base = units.gib(package.resource_configuration.disk)
  local wanted = options.disk and units.gib(options.disk, "disk") or math.max(total, base)
  if wanted < total then
    resource.fail("FAILED_PRECONDITION", ("%s: disks never shrink; each node has %d GiB"):format(
      self.name, total))
  elseif wanted < base then
    resource.fail("FAILED_PRECONDITION", ("%s: package %s has %d GiB of disk, more than %s"):format(
      self.name, package.name, base, tostring(options.disk)))
  end
  return present, package, wanted, wanted - base, total
end

--- What a change of size would mean: packages, disk, price before and after, and what speaks against
--- it. Nothing is changed.
---@usage qdrant.clusters:find("search-prod"):scale_preview { nodes = 5 }
---@async
---@param options qdrant.Cluster.Size
---@return table
function Cluster:scale_preview(options)
  self:refresh()
  local present, package, disk, extra, total = target(self, options)
  local nodes = self.configuration.number_of_nodes
  local storage = self.configuration.cluster_storage_configuration
  local tier = storage and storage.storage_tier_type
  local where = { cloud = self.cloud_provider_id, region = self.cloud_provider_region_id }
  local function quote(id, count, more, speed)
    return self.connection.api.booking.get_quote {
      cloud_provider_id = where.cloud, cloud_provider_region_id = where.region,
      number_of_nodes = count, package_id = id, additional_disk_gib = more,
      storage_tier_type = speed,
    }
  end
  local now = quote(present.id, nodes, total - units.gib(present.resource_configuration.disk), tier)
  local later = quote(package.id, options.nodes or nodes, extra, options.storage or tier)
  local risks = {}
  local ram = units.bytes(package.resource_configuration.ram)
  if ram < units.bytes(present.resource_configuration.ram) then
    for _, risk in ipairs(service(self).get_cluster_downscale_risk {
      cluster_id = self.id, package_id = package.id,
    }.downscale_risks) do
      if risk.status ~= "CLUSTER_DOWNSCALE_RISK_STATUS_NO_RISK" then
        risks[#risks + 1] = (risk.status:gsub("^CLUSTER_DOWNSCALE_RISK_STATUS_", ""))
          .. (risk.reason and ": " .. risk.reason or "")
      end
    end
  end
  return {
    cluster = self.name, risks = risks, currency = later.currency,
    nodes = { nodes, options.nodes or nodes }, package = { present.name, package.name },
    disk_gib = { total, disk },
    hourly = { now.discounted_price_per_hour / 100000, later.discounted_price_per_hour / 100000 },
    monthly = {
      now.discounted_price_per_hour / 100000 * units.HOURS_A_MONTH,
      later.discounted_price_per_hour / 100000 * units.HOURS_A_MONTH,
    },
  }
end

--- Changes its size: what is not named stays. Scaling down to less memory than is in use is refused
--- unless it is forced.
---@usage local c = qdrant.clusters:find("search-prod") c:scale { nodes = c.configuration.number_of_nodes }
---@async
---@param options qdrant.Cluster.Size
---@return qdrant.Cluster self
function Cluster:scale(options)
  for name in pairs(options) do
    if not sizes[name] then
      local near = host.nearest_name(name, sizes)
      error(("cluster:scale has no option \"%s\"%s"):format(tostring(name),
        near and "; did you mean \"" .. near .. "\"?" or ""), 2)
    end
  end
  local before = self:refresh()[1]
  local present, package, disk, extra, total = target(self, options)
  local configuration = {}
  if options.nodes and options.nodes ~= self.configuration.number_of_nodes then
    configuration.number_of_nodes = options.nodes
  end
  if package.id ~= present.id then
    configuration.package_id = package.id
  end
  if disk ~= total or package.id ~= present.id then
    local has = self.configuration.additional_resources
    if (has and has.disk or 0) ~= extra then
      configuration.additional_resources = { disk = extra }
    end
  end
  if options.storage then
    configuration.cluster_storage_configuration = { storage_tier_type = options.storage }
  end
  if not options.force and configuration.package_id
    and units.bytes(package.resource_configuration.ram)
      < units.bytes(present.resource_configuration.ram) then
    local risks = self:scale_preview(options).risks
    if #risks > 0 then
      resource.fail("FAILED_PRECONDITION", ("%s: %s; force = true scales it down all the same")
        :format(self.name, table.concat(risks, "; ")))
    end
  end
  if not next(configuration) then
    return self
  end
  send(self, { configuration = configuration })
  return waits(self, options, "cluster.scale", {
    since = self.configuration.last_modified_at,
    package = configuration.package_id and package,
    disk = configuration.additional_resources and disk,
  }, before)
end

-- Versions ------------------------------------------------------------------------------------

--- The versions that it can be upgraded to, the newest last.
---@usage qdrant.clusters:find("search-prod"):releases()
---@async
---@return table[]
function Cluster:releases()
  return self.connection.releases:list { cluster = self.id }
end

--- Upgrades it, to the newest version when "latest" is asked for.
---@usage qdrant.clusters:find("search-prod"):upgrade("latest")
---@async
---@param version string
---@param options? { wait?: boolean|string, progress?: boolean }
---@return qdrant.Cluster self
function Cluster:upgrade(version, options)
  local before = self:refresh()[1]
  local target_version = self.connection.releases:target(self, version)
  if target_version == self.state.version and target_version == self.configuration.version then
    return self
  end
  send(self, { configuration = { version = target_version } })
  return waits(self, options, "cluster.upgrade", {
    since = self.configuration.last_modified_at,
  }, before)
end

-- Starting and stopping -----------------------------------------------------------------------

--- Restarts its nodes.
---@usage qdrant.clusters:find("search-prod"):restart()
---@async
---@param options? { wait?: boolean|string, progress?: boolean }
---@return qdrant.Cluster self
function Cluster:restart(options)
  local before = self:refresh()[1]
  resource.change(function()
    service(self).restart_cluster { cluster_id = self.id }
    return true
  end, function()
    -- Once is enough.
    local present = self:refresh().state.restarted_at
    local earlier = before.state.restarted_at
    return present and (not earlier or present > earlier) or nil
  end)
  return waits(self, options, "cluster.restart", { restarts = true }, before)
end

--- Whether it is in one of some phases now.
local function is_in(self, ...)
  local phase = self:refresh():phase()
  for _, one in ipairs { ... } do
    if phase == one then
      return true
    end
  end
end

--- Stops it; its data stays. One that is stopped already stays so.
---@usage qdrant.clusters:find("staging"):suspend()
---@async
---@param options? { wait?: boolean|string, progress?: boolean }
---@return qdrant.Cluster self
function Cluster:suspend(options)
  local before = self:refresh()[1]
  if not is_in(self, "SUSPENDED", "SUSPENDING") then
    resource.change(function()
      service(self).suspend_cluster { cluster_id = self.id }
      return true
    end, function()
      return is_in(self, "SUSPENDED", "SUSPENDING")
    end)
  end
  if options and options.wait then
    await(self, { timeout = options.wait, progress = options.progress }, "to be suspended",
      "cluster.suspend", readiness.suspended(host.monotonic, before))
  end
  return self
end

--- Starts it again. One that runs goes on.
---@usage qdrant.clusters:find("staging"):resume()
---@async
---@param options? { wait?: boolean|string, progress?: boolean }
---@return qdrant.Cluster self
function Cluster:resume(options)
  local before = self:refresh()[1]
  if is_in(self, "SUSPENDED", "FAILED_TO_RESUME") then
    resource.change(function()
      service(self).unsuspend_cluster { cluster_id = self.id }
      return true
    end, function()
      return not is_in(self, "SUSPENDED", "FAILED_TO_RESUME") or nil
    end)
  end
  return waits(self, options, "cluster.resume", nil, before)
end

--- Lets it take keys with rules; that cannot be taken back, and restarts it.
---@usage qdrant.clusters:find("search-prod"):enable_jwt_rbac()
---@async
---@param options? { wait?: boolean|string, progress?: boolean }
---@return qdrant.Cluster self
function Cluster:enable_jwt_rbac(options)
  local before = self:refresh()[1]
  if not self.state.jwt_rbac then
    resource.change(function()
      service(self).enable_cluster_jwt_rbac { cluster_id = self.id }
      return true
    end, function()
      return self:refresh().state.jwt_rbac or nil
    end)
    waits(self, options, "cluster.update", { restarts = true }, before)
  end
  return self
end

--- Deletes it. Its backups stay unless they are to go, too.
---@usage qdrant.clusters:find("staging"):delete()
---@async
---@param options? { backups?: boolean, force?: boolean, wait?: boolean|string, progress?: boolean } force: forgets a hybrid cluster whose environment does not answer
function Cluster:delete(options)
  options = options or {}
  resource.delete(function()
    service(self).delete_cluster {
      cluster_id = self.id, delete_backups = options.backups == true, force = options.force,
    }
  end)
  if options.wait then
    await(self, { timeout = options.wait, progress = options.progress }, "to be gone",
      "cluster.delete", readiness.gone(), true)
  end
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

--- What is measured and logged of it.
---@usage qdrant.clusters:find("search-prod"):monitoring():alerts()
---@return qdrant.monitoring
function Cluster:monitoring()
  return resource.scoped("monitoring", self.connection, { cluster = self })
end

--- Makes a backup of it; options as for `backups:create`.
---@usage qdrant.clusters:find("search-prod"):backup { name = "before-migration", retention = "30d" }
---@async
---@param options { name: string, retention?: string, wait?: boolean|string }
---@return qdrant.Backup
function Cluster:backup(options)
  return self:backups():create(options)
end

return resource.default "clusters"
