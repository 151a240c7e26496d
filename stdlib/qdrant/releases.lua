--- Versions of the database, and which a cluster can be upgraded to.
local host = ...

local resource = require "qdrant.resource"

---@class qdrant.releases
local Releases = resource.module "releases"

--- Lists the versions, oldest first; with `cluster`, those that it can be upgraded to.
---@usage qdrant.releases:list()
---@async
---@param filter? { cluster?: string|qdrant.Cluster }
---@return table[]
function Releases:list(filter)
  filter = resource.options(filter, "releases:list", "cluster")
  return self.connection.api.cluster.list_qdrant_releases {
    cluster_id = resource.cluster_id(self, filter),
  }.items
end

--- A version by its number, with or without its v.
---@usage qdrant.releases:find("v1.17.1").version
---@async
---@param version string
---@return table
function Releases:find(version)
  resource.text(version, "releases:find", "a version")
  local wanted, known = version:find("^%d") and "v" .. version or version, {}
  for _, release in ipairs(self:list()) do
    if release.version == wanted then
      return release
    end
    known[release.version] = true
  end
  resource.fail("NOT_FOUND", ("version %s not found; available: %s"):format(wanted,
    table.concat(host.sorted_keys(known), ", ")))
end

--- A version as numbers that compare: 1, 17, 1 of "v1.17.1".
---@usage qdrant.releases:numbers("v1.17.1")
---@param version string
---@return integer[]
function Releases:numbers(version)
  local major, minor, patch = tostring(version):match("^v?(%d+)%.(%d+)%.(%d+)$")
  if not major then
    error(("expected a version such as v1.17.1, got \"%s\""):format(tostring(version)), 2)
  end
  return host.list { math.tointeger(tonumber(major)), math.tointeger(tonumber(minor)),
    math.tointeger(tonumber(patch)) }, self
end

--- Whether a version is older than another one.
---@usage qdrant.releases:is_older("v1.9.0", "v1.10.0")
---@param a string
---@param b string
---@return boolean
function Releases:is_older(a, b)
  local left, right = self:numbers(a), self:numbers(b)
  for i = 1, 3 do
    if left[i] ~= right[i] then
      return left[i] < right[i]
    end
  end
  return false
end

--- The version that an upgrade of a cluster results in: "latest" is the newest available one. Fails for
--- an unavailable version and lists the available ones.
---@usage qdrant.releases:target(qdrant.clusters:find("search-prod"), "latest")
---@async
---@param cluster string|qdrant.Cluster
---@param wanted string
---@return string
function Releases:target(cluster, wanted)
  local versions, known = {}, {}
  for _, release in ipairs(self:list { cluster = cluster }) do
    if not release.unavailable then
      versions[#versions + 1] = release.version
      known[release.version] = true
    end
  end
  table.sort(versions, function(a, b)
    return self:is_older(a, b)
  end)
  if wanted == "latest" then
    return versions[#versions] or cluster.configuration.version
  elseif wanted:find("^%d") then
    wanted = "v" .. wanted
  end
  local present = cluster.state.version
  if wanted == present and not known[wanted] then
    return wanted
  elseif not known[wanted] then
    resource.fail("FAILED_PRECONDITION", ("%s has %s and cannot be upgraded to %s; %s"):format(
      cluster.name, present, wanted, #versions == 0 and "there is no newer version"
        or "available: " .. table.concat(versions, ", ")))
  end
  return wanted
end

return resource.default "releases"
