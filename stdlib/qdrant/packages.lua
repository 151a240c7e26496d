--- Packages: the sizes of nodes that can be booked, with their prices.
local host = ...

local resource = require "qdrant.resource"
local units = require "qdrant.resource.units"

---@class qdrant.packages
local Packages = resource.module "packages"

---@class qdrant.packages.Size
---@field cloud string the provider: "aws"
---@field region? string
---@field package? string its name or id, instead of a size
---@field cpu? string|number per node: "2000m" or 2
---@field ram? string|number per node: "8GiB"
---@field disk? string|number per node: "50GiB"
---@field gpu? string|number
---@field multi_az? boolean whether the nodes are spread over several zones; default: false
---@field tier? qdrant.cloud.booking.v1.PackageTier

local SIZE = "cloud region package cpu ram disk gpu multi_az tier"

--- Lists the packages available in a region, cheapest first; default: those in one zone and without
--- GPU.
---@usage qdrant.packages:list { cloud = "aws", region = "eu-central-1", ram = "8GiB" }
---@async
---@param size qdrant.packages.Size the minimum size
---@return table[]
function Packages:list(size)
  size = resource.options(size, "packages:list", SIZE)
  if not size.cloud then
    error("packages:list needs the cloud: { cloud = \"aws\", region = … }", 2)
  end
  local least = {
    cpu = size.cpu and units.millicores(size.cpu, "cpu") .. "m",
    ram = size.ram and units.gib(size.ram, "ram") .. "GiB",
    gpu = size.gpu and units.millicores(size.gpu, "gpu") .. "m",
  }
  local found = self.connection.api.booking.list_packages {
    cloud_provider_id = size.cloud, cloud_provider_region_id = size.region,
    statuses = { "ACTIVE" }, tier = size.tier, gpu = size.gpu ~= nil,
    multi_az = size.multi_az == true, min_resources = next(least) and least or nil,
  }.items
  table.sort(found, function(a, b)
    if a.unit_int_price_per_hour ~= b.unit_int_price_per_hour then
      return a.unit_int_price_per_hour < b.unit_int_price_per_hour
    end
    return a.name < b.name
  end)
  return found
end

--- A package by id or by name.
---@usage qdrant.packages:find("mx1", { cloud = "aws", region = "eu-central-1" })
---@async
---@param wanted string
---@param place qdrant.packages.Size
---@return table
function Packages:find(wanted, place)
  resource.text(wanted, "packages:find", "a name or an id")
  if type(place) ~= "table" or not place.cloud then
    error("packages:find needs the place: packages:find(\"mx1\", { cloud = \"aws\", region = … })",
      2)
  elseif resource.is_id(wanted) then
    return self.connection.api.booking.get_package {
      id = wanted, cloud_provider_id = place.cloud, cloud_provider_region_id = place.region,
    }.package
  end
  local all = self.connection.api.booking.list_packages {
    cloud_provider_id = place.cloud, cloud_provider_region_id = place.region,
    statuses = { "ACTIVE" }, multi_az = place.multi_az == true,
  }.items
  return resource.pick(all, wanted, "package")
end

--- "2000m CPU, 8Gi RAM, 32Gi disk".
local function describe(package)
  local has = package.resource_configuration
  local parts = { has.cpu .. " CPU", has.ram .. " RAM", has.disk .. " disk" }
  if has.gpu and has.gpu ~= "" then
    parts[#parts + 1] = has.gpu .. " GPU"
  end
  return table.concat(parts, ", ")
end

--- A description of a package: its name, resources and price.
---@usage local p = qdrant.packages:list { cloud = "aws", region = "eu-central-1" }[1] print(qdrant.packages:describe(p))
---@param package table
---@return string
function Packages:describe(package) -- luacheck: ignore self
  return ("%s (%s; %s an hour)"):format(package.name, describe(package),
    package.unit_int_price_per_hour == 0 and "free"
      or units.price(package.unit_int_price_per_hour, package.currency))
end

--- Checks that a package that was named has the size that was given besides.
local function check_size(package, size)
  local has = package.resource_configuration
  for _, quantity in ipairs {
    { "cpu", units.millicores }, { "ram", units.bytes }, { "gpu", units.millicores },
  } do
    local name, read = quantity[1], quantity[2]
    if size[name] and read(size[name], name) ~= read(has[name] or 0) then
      resource.fail("FAILED_PRECONDITION", ("package %s has %s = %s, not %s; name the package or "
        .. "the size, not both"):format(package.name, name, tostring(has[name] or 0),
          tostring(size[name])))
    end
  end
  if size.disk and units.bytes(size.disk, "disk") < units.bytes(has.disk) then
    resource.fail("FAILED_PRECONDITION", ("package %s has %s of disk per node; disk must not be "
      .. "less, got %s"):format(package.name, has.disk, tostring(size.disk)))
  end
end

--- The package that has exactly the given size. Fails when none matches and lists the nearest ones;
--- fails when several match and lists them.
---@usage qdrant.packages:choose { cloud = "aws", region = "eu-central-1", cpu = 2, ram = "8GiB" }
---@async
---@param size qdrant.packages.Size
---@return table
function Packages:choose(size)
  size = resource.options(size, "packages:choose", SIZE)
  if size.package then
    local package = self:find(size.package, size)
    check_size(package, size)
    return package
  elseif not (size.cpu or size.ram or size.gpu) then
    error("which size? Use cpu, ram or both, or package", 2)
  end
  local enough = self:list(size)
  local exact = host.list()
  for _, package in ipairs(enough) do
    local has = package.resource_configuration
    if (not size.cpu or units.millicores(has.cpu) == units.millicores(size.cpu, "cpu"))
      and (not size.ram or units.bytes(has.ram) == units.bytes(size.ram, "ram"))
      and (not size.gpu or units.millicores(has.gpu or 0) == units.millicores(size.gpu, "gpu"))
      and (not size.disk or units.gib(has.disk) <= units.gib(size.disk, "disk")) then
      exact[#exact + 1] = package
    end
  end
  if #exact == 1 then
    return exact[1]
  end
  local wanted = {}
  for _, name in ipairs { "cpu", "ram", "gpu", "disk", "multi_az", "tier" } do
    if size[name] then
      wanted[#wanted + 1] = name .. " = " .. tostring(size[name])
    end
  end
  local some = {}
  for i, package in ipairs(#exact > 0 and exact or enough) do
    some[i] = i <= 6 and self:describe(package) or nil
  end
  local place = size.cloud .. (size.region and " in " .. size.region or "")
  if #exact > 1 then
    resource.fail("FAILED_PRECONDITION", ("several packages of %s have %s; choose one with package "
      .. "= …: %s"):format(place, table.concat(wanted, ", "), table.concat(some, ", ")))
  end
  resource.fail("NOT_FOUND", ("no package of %s has exactly %s; %s"):format(place,
    table.concat(wanted, ", "), #some == 0 and "no package is large enough"
      or "the nearest are " .. table.concat(some, ", ")))
end

---@class qdrant.packages.Quoted: qdrant.packages.Size
---@field nodes? integer default: 1
---@field extra_disk? string|number per node, in addition to the package's disk
---@field storage? qdrant.cloud.common.v1.StorageTierType performance tier of the disks
---@field package_id? string

--- The price of a cluster of a size: per hour, per month, and its parts.
---@usage qdrant.packages:quote { cloud = "aws", region = "eu-central-1", ram = "8GiB", cpu = 2, nodes = 3 }
---@async
---@param size qdrant.packages.Quoted
---@return { currency: string, hourly: number, monthly: number, discount: number, package: string, quote: table }
function Packages:quote(size)
  size = resource.options(size, "packages:quote", SIZE, "nodes storage extra_disk package_id")
  local chosen = {}
  for name in SIZE:gmatch("%S+") do
    chosen[name] = size[name]
  end
  local package = size.package_id and self:find(size.package_id, size) or self:choose(chosen)
  local extra = size.extra_disk and units.gib(size.extra_disk, "extra_disk") or size.disk
    and math.max(0, units.gib(size.disk, "disk") - units.gib(package.resource_configuration.disk))
    or 0
  local quote = self.connection.api.booking.get_quote {
    cloud_provider_id = size.cloud, cloud_provider_region_id = size.region,
    number_of_nodes = size.nodes or 1, package_id = package.id, additional_disk_gib = extra,
    storage_tier_type = size.storage,
  }
  local hourly = quote.discounted_price_per_hour / 100000
  return {
    currency = quote.currency, hourly = hourly, monthly = hourly * units.HOURS_A_MONTH,
    discount = quote.discount_percentage, package = package.name, quote = quote,
  }
end

return resource.default "packages"
