--- Clusters: found by name, created by size, changed and waited for.
local host = ...

local filters = require "qdrant.resource.filter"
local handles = require "qdrant.clusters.handle"
local resource = require "qdrant.resource"
local settings = require "qdrant.resource.settings"
local units = require "qdrant.resource.units"

require "qdrant.clusters.operations"
require "qdrant.clusters.size"

---@class qdrant.clusters
local Clusters = resource.module "clusters"

---@class qdrant.Cluster: qdrant.cloud.cluster.v1.Cluster
local Cluster = handles.Cluster

local function service(self)
  return self.connection.api.cluster
end

local function wrap(self, message)
  return resource.wrap(Cluster, message, self.connection)
end

---@class qdrant.clusters.Filter
---@field cloud? string the provider: "aws"
---@field region? string
---@field labels? table|string { env = "prod" } or "env=prod": values or globs; true for any value
---@field phase? qdrant.cloud.cluster.v1.ClusterPhase
---@field name? string the name, or a glob: "search-*"
---@field matching? string a pattern of Lua that the name has
---@field deleted? boolean whether those that are being deleted count, too

local function fits(wanted)
  local phase = wanted.phase
    and resource.enum("qdrant.cloud.cluster.v1.ClusterPhase", wanted.phase, "phase")
  if wanted.name == "" then
    host.blame("clusters:list: name must not be empty; without it, all names fit")
  end
  local has_name = filters.name(wanted.name)
  local has_text = filters.text(nil, wanted.matching)
  local has_labels = filters.labels(wanted.labels, "clusters:list")
  return function(cluster)
    return (wanted.deleted or not cluster.deleted_at)
      and (not wanted.cloud or cluster.cloud_provider_id == wanted.cloud)
      and (not wanted.region or cluster.cloud_provider_region_id == wanted.region)
      and (not phase or cluster.state.phase == phase)
      and has_name(cluster.name) and has_text(cluster.name)
      and has_labels(settings.map(cluster.labels))
  end
end

--- Lists the clusters of the account, oldest first, without those that are being deleted.
---@usage qdrant.clusters:list { labels = { env = "prod" } }
---@async
---@param filter? qdrant.clusters.Filter
---@return qdrant.Cluster[]
function Clusters:list(filter)
  filter = resource.options(filter, "clusters:list",
    "cloud region labels phase name matching deleted")
  local keep = fits(filter)
  local all = service(self).list_clusters:all {
    cloud_provider_id = filter.cloud, page_size = 250,
    cloud_provider_region_id = filter.cloud and filter.region,
  }
  local list = resource.wrap_all(Cluster, all, self.connection, keep)
  if #list == 0 then
    self.connection.regions:check(filter.cloud, filter.region)
  end
  return list
end

--- Clusters by names or ids, or by labels. Fails when one is not found, and when no cluster has the
--- labels: a script that works on nothing must not look like one that found nothing wrong.
---@usage qdrant.clusters:choose { labels = "env=prod" }
---@async
---@param options { names?: string[], labels?: table|string, allow_empty?: boolean } names: instead of labels; allow_empty: returns an empty list instead
---@return qdrant.Cluster[]
function Clusters:choose(options)
  options = resource.options(options, "clusters:choose", "names labels allow_empty")
  local list = host.list()
  if options.names and #options.names > 0 then
    for i, name in ipairs(options.names) do
      list[i] = self:find(name)
    end
    return list
  end
  local labels = filters.label_table(options.labels, "clusters:choose")
  list = self:list { labels = labels }
  if #list > 0 or options.allow_empty then
    return list
  end
  local wanted, known = {}, {}
  for _, key in ipairs(host.sorted_keys(labels)) do
    wanted[#wanted + 1] = labels[key] == true and key or ("%s=%s"):format(key, labels[key])
  end
  for _, cluster in ipairs(self:list()) do
    for _, label in ipairs(cluster.labels) do
      known[("%s=%s"):format(label.key, label.value)] = true
    end
  end
  local near = #wanted == 1 and host.nearest_name(wanted[1], known) or nil
  local present = host.sorted_keys(known)
  local hint = near and ("; did you mean %s?"):format(near)
    or #present > 0 and "; there are " .. table.concat(present, ", ", 1, math.min(#present, 12))
    or ""
  resource.fail("NOT_FOUND", (#wanted == 0 and "there are no clusters"
    or "no cluster has the label " .. table.concat(wanted, " and ")) .. hint)
end

--- A cluster by id.
---@usage qdrant.clusters:get(qdrant.clusters:list()[1].id)
---@async
---@param id string
---@return qdrant.Cluster
function Clusters:get(id)
  return wrap(self, service(self).get_cluster { cluster_id = id }.cluster)
end

--- Finds a cluster by name or id; fails when none or several match.
---@usage qdrant.clusters:find("search-prod")
---@async
---@param wanted string|qdrant.Cluster
---@return qdrant.Cluster
function Clusters:find(wanted)
  return resource.known(Cluster, wanted, "cluster")
    or resource.is_id(wanted) and self:get(wanted)
    or resource.pick(self:list(), wanted, "cluster")
end

-- Creating ------------------------------------------------------------------------------------

---@class qdrant.clusters.Options: qdrant.clusters.Settings
---@field cloud string the provider: "aws"; "hybrid" for a hybrid cloud environment
---@field region string the region, or the name or id of a hybrid environment
---@field name? string default: a name that the cloud suggests
---@field cpu? string|number per node: "2000m" or 2
---@field ram? string|number per node: "8GiB"
---@field disk? string|number per node, in total: "50GiB"
---@field gpu? string|number
---@field package? string the package by name or id, instead of a size
---@field tier? qdrant.cloud.booking.v1.PackageTier
---@field multi_az? boolean whether its nodes are spread over several zones
---@field nodes? integer default: 1
---@field wait? boolean|string|userdata waits until it is ready; a string is the timeout: "15m"
---@field duplicate? boolean allows a name that another cluster has
---@field progress? boolean false hides the progress line

local CREATION = resource.names("cloud region cpu ram disk gpu package multi_az tier wait "
  .. "duplicate progress")

--- Where a cluster is to be, and of what size its nodes are: a hybrid environment may be named.
local function place(self, options)
  if not options.cloud or not options.region then
    error("a cluster needs cloud and region: { cloud = \"aws\", region = \"eu-central-1\" }", 3)
  end
  for _, name in ipairs { "cpu", "ram", "gpu" } do
    if options.package and options[name] then
      error(("use a package or a size, not both: %s %s and %s %s"):format(
        host.spelling("package", "package"), tostring(options.package),
        host.spelling(name, name), tostring(options[name])), 3)
    end
  end
  if options.disk and options.extra_disk then
    error("use disk (the total per node) or extra_disk (on top of the package), not both", 3)
  end
  local region = options.region
  if options.cloud == "hybrid" and not resource.is_id(region) then
    region = self.connection.environments:find(region).id
  end
  return { cloud = options.cloud, region = region, package = options.package, cpu = options.cpu,
    ram = options.ram, gpu = options.gpu, disk = options.disk, multi_az = options.multi_az,
    tier = options.tier }
end

--- GiB on top of a package's disk, so that a node has so much.
local function extra_disk(disk, package)
  local extra = units.gib(disk, "disk") - units.gib(package.resource_configuration.disk)
  if extra < 0 then
    error(("package %s has %s of disk per node; disk must not be less, got %s"):format(package.name,
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
  local cluster = settings.cluster(options, CREATION, "clusters:create")
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
    handle:wait { timeout = options.wait, kind = "cluster.create", progress = options.progress,
      is_new = true }
  end
  return handle
end

--- Returns the cluster with a name; creates it if it does not exist.
---@usage qdrant.clusters:ensure { name = "search-prod", cloud = "aws", region = "eu-central-1", package = "gpx3" }
---@async
---@param options qdrant.clusters.Options
---@return qdrant.Cluster cluster
---@return boolean created
function Clusters:ensure(options)
  settings.cluster(options, CREATION, "clusters:ensure")
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

--- Creates a cluster from a backup, with the backup's configuration. Its data is available once it is
--- ready.
---@usage local b = qdrant.backups:list()[1] qdrant.clusters:from_backup { backup = b, name = "copy-" .. crypto.uuid():sub(1, 8) }
---@async
---@param options { backup: string|qdrant.Backup, name: string, wait?: boolean|string|userdata, duplicate?: boolean, progress?: boolean } name: 4 to 64 letters, digits, dashes and underscores
---@return qdrant.Cluster
function Clusters:from_backup(options)
  options = resource.options(options, "clusters:from_backup", "backup name wait duplicate progress")
  resource.text(options.name, "clusters:from_backup", "a name")
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
      progress = options.progress, is_new = true }
  end
  return handle
end

--- Suggests a name that no cluster of the account has.
---@usage qdrant.clusters:suggest_name()
---@async
---@return string
function Clusters:suggest_name()
  return service(self).suggest_cluster_name({}).name
end

--- The price of a cluster before it is created; takes the options of `create`.
---@usage qdrant.clusters:quote { cloud = "aws", region = "eu-central-1", package = "gpx3", nodes = 3 }
---@async
---@param options qdrant.clusters.Options
---@return { currency: string, hourly: number, monthly: number, discount: number, package: string, quote: table }
function Clusters:quote(options)
  settings.cluster(options, CREATION, "clusters:quote")
  local size = place(self, options)
  size.nodes, size.storage, size.extra_disk = options.nodes, options.storage, options.extra_disk
  return self.connection.packages:quote(size)
end

return resource.default "clusters"
