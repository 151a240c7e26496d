--- Providers and their regions.
local host = ...

local resource = require "qdrant.resource"

---@class qdrant.regions
local Regions = resource.module "regions"

--- The providers.
---@usage qdrant.regions:providers()
---@async
---@return table[]
function Regions:providers()
  return self.connection.api.platform.list_cloud_providers({}).items
end

--- The regions of a provider; default: of all providers. Each has its provider's id as `cloud` when it
--- is listed by name.
---@usage qdrant.regions:list("aws")
---@async
---@param cloud? string
---@return table[]
function Regions:list(cloud)
  if cloud then
    return self.connection.api.platform.list_cloud_provider_regions {
      cloud_provider_id = cloud,
    }.items
  end
  local all = {}
  for _, provider in ipairs(self:providers()) do
    -- Environments of one's own are no regions.
    if provider.id ~= "hybrid" then
      for _, region in ipairs(self:list(provider.id)) do
        all[#all + 1] = region
      end
    end
  end
  return all
end

--- A region by id or name.
---@usage qdrant.regions:find("eu-central-1", "aws")
---@async
---@param wanted string
---@param cloud? string all clouds when not given
---@return table
function Regions:find(wanted, cloud)
  return resource.pick(self:list(cloud), wanted, "region")
end

--- Fails when there is no such provider, or no such region of it; without a provider, of any. A list
--- that a misspelt name has filtered is empty for no reason that anybody sees.
---@usage qdrant.regions:check("aws", "eu-central-1")
---@async
---@param cloud? string "hybrid" is not looked up
---@param region? string
function Regions:check(cloud, region)
  local platform = self.connection.api.platform
  -- The regions of hybrid clusters are environments.
  if cloud == "hybrid" or not cloud and (not region or resource.is_id(region)) then
    return
  end
  local function regions_of(provider)
    return platform.list_global_cloud_provider_regions({ cloud_provider_id = provider }).items
  end
  local function known(list, wanted, noun)
    local ids = {}
    for _, item in ipairs(list) do
      ids[item.id] = true
    end
    if not ids[wanted] then
      local near = host.nearest_name(wanted, ids)
      resource.fail("NOT_FOUND", ("there is no %s \"%s\"%s"):format(noun, wanted,
        near and ("; did you mean \"%s\"?"):format(near)
          or "; there are " .. table.concat(host.sorted_keys(ids), ", ")))
    end
  end
  local providers = platform.list_global_cloud_providers({}).items
  if cloud then
    known(providers, cloud, "cloud provider")
    if region then
      known(regions_of(cloud), region, "region of " .. cloud)
    end
    return
  end
  local all = {}
  for _, provider in ipairs(providers) do
    if provider.id ~= "hybrid" then
      for _, item in ipairs(regions_of(provider.id)) do
        all[#all + 1] = item
      end
    end
  end
  known(all, region, "region")
end

return resource.default "regions"
