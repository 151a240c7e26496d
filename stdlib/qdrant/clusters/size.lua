--- The size of a cluster: previews a change of it and makes it.
local host = ...

local handle = require "qdrant.clusters.handle"
local resource = require "qdrant.resource"
local units = require "qdrant.resource.units"

---@class qdrant.Cluster: qdrant.cloud.cluster.v1.Cluster
local Cluster = handle.Cluster

local function service(self)
  return self.connection.api.cluster
end

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
---@field disk? string|number per node, in total; disks never shrink
---@field gpu? string|number
---@field package? string
---@field storage? string "balanced"
---@field wait? boolean|string|userdata
---@field force? boolean scales down even if the data in use would not fit

local SIZES = "nodes cpu ram disk gpu package storage wait force progress"

--- The package and the disk that a size means for this cluster; unnamed settings stay.
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

--- Previews a change of size: packages, disk and price before and after, and the risks. Changes
--- nothing.
---@usage qdrant.clusters:find("search-prod"):scale_preview { nodes = 5 }
---@async
---@param options qdrant.Cluster.Size
---@return table
function Cluster:scale_preview(options)
  options = resource.options(options, "cluster:scale_preview", SIZES)
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

--- Changes its size and keeps what the options do not name. Fails when the new memory is less than
--- the memory in use, unless `force` is true.
---@usage local c = qdrant.clusters:find("search-prod") c:scale { nodes = c.configuration.number_of_nodes }
---@async
---@param options qdrant.Cluster.Size
---@return qdrant.Cluster self
function Cluster:scale(options)
  options = resource.options(options, "cluster:scale", SIZES)
  local before = resource.message(self:refresh())
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
      local option = host.spelling("force", "force = true")
      resource.fail("FAILED_PRECONDITION", ("%s: %s%s"):format(self.name,
        table.concat(risks, "; "), option and ("; %s scales down anyway"):format(option) or ""))
    end
  end
  if not next(configuration) then
    return self
  end
  handle.send(self, { configuration = configuration })
  return handle.settle(self, options, "cluster.scale", {
    since = self.configuration.last_modified_at,
    package = configuration.package_id and package,
    disk = configuration.additional_resources and disk,
  }, before)
end

return Cluster
