--- Providers and their regions.
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

return resource.default "regions"
