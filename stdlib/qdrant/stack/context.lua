--- The state for planning a stack: declarations and existing resources, each read once.
local host = ...

local resource = require "qdrant.resource"
local settings = require "qdrant.resource.settings"

--- The labels by which a stack knows its own again.
local LABEL, PROTECTED = "qcsh-stack", "qcsh-protected"

local Context = {}
Context.__index = Context
Context.LABEL = LABEL
-- The library's own calls of methods that strings have, too, come by this name.
Context.__find = function(self, ...)
  return self.find(self, ...)
end

--- Begins to plan a stack.
---@param connection table
---@param stack table
---@return table
function Context.new(connection, stack)
  return setmetatable({
    connection = connection, stack = stack, actions = {}, notes = {}, lists = {}, packages = {},
    quotes = {}, files = {}, undeclared = {}, regions = {},
  }, Context)
end

--- Notes something for who reads the plan.
function Context:note(text)
  self.notes[#self.notes + 1] = text
end

--- Notes that something is there which the stack does not say anything of.
function Context:note_undeclared(owner, kind, name)
  local key = owner.kind .. " " .. owner.name
  local list = self.undeclared[key] or {}
  self.undeclared[key] = list
  list[#list + 1] = ("%s %s"):format(kind, name)
end

--- Whether a file has not been taken by another key yet.
function Context:claim_file(path)
  local is_free = self.files[path] == nil
  self.files[path] = true
  return is_free
end

--- Calls a function; what it raises says what it is about.
function Context.named(_, what, fn)
  local ok, problem = pcall(fn)
  if not ok then
    if type(problem) == "table" and problem.code then
      rawset(problem, "message", what .. ": " .. problem.message)
      error(problem, 0)
    end
    -- The place in the library does not help.
    local text = tostring(problem):gsub("^[^%s]-:%d+: ", "")
    error(text:find(what .. ":", 1, true) == 1 and text or what .. ": " .. text, 0)
  end
end

--- What the contract has against a request; nil when there is nothing.
function Context:problem_of(type_name, request)
  return host.problem_of(self.connection, type_name, request)
end

--- What there is of a kind; read when it is first asked for.
function Context:list(kind)
  self.lists[kind] = self.lists[kind] or self.connection[kind]:list()
  return self.lists[kind]
end

--- The one of a name; nil when there is none.
function Context:find(kind, name)
  local all, ours = {}, {}
  for _, item in ipairs(self:list(kind)) do
    if item.name == name then
      all[#all + 1] = item
      ours[#ours + 1] = self:is_ours(item) and item or nil
    end
  end
  -- Of several the stack's own is meant.
  local found = #ours > 0 and ours or all
  if #found > 1 then
    resource.fail("FAILED_PRECONDITION", ("several %s are named \"%s\" (%s, %s): a stack needs "
      .. "unique names"):format(kind, name, found[1].id, found[2].id))
  end
  return found[1]
end

--- What is to be said when the last block of addresses goes that may connect; nil otherwise.
---@param present table
---@param wanted table
---@return string?
function Context.opening(present, wanted)
  local has = present.configuration.allowed_ip_source_ranges
  local later = wanted.configuration and wanted.configuration.allowed_ip_source_ranges
  if later and #later == 0 and #has > 0 then
    return "without address blocks everybody may connect"
  end
end

function Context:environment(name)
  return self:find("environments", name)
end

--- Plans each of a kind that is declared, and that those go which are declared as `false`.
---@param kind string "clusters"
---@param plan fun(context: table, name: string, spec: table, present?: table)
---@param remove fun(context: table, present: table)
function Context:plan_each(kind, plan, remove)
  local declared = self.stack[kind] or {}
  for _, name in ipairs(host.sorted_keys(declared)) do
    local present = self:find(kind, name)
    if declared[name] then
      plan(self, name, declared[name], present)
    elseif present then
      remove(self, present)
    end
  end
end

--- Plans that those go which were in the stack, by their label, and are declared no longer.
---@param kind string
---@param remove fun(context: table, present: table)
function Context:remove_rest(kind, remove)
  local declared = self.stack[kind] or {}
  for _, item in ipairs(self:list(kind)) do
    if self:is_ours(item) and declared[item.name] == nil then
      remove(self, item)
    end
  end
end

local function of_cluster(self, kind, cluster_id)
  local found = {}
  for _, item in ipairs(self:list(kind)) do
    if item.cluster_id == cluster_id then
      found[#found + 1] = item
    end
  end
  return found
end

function Context:keys(cluster_id)
  return of_cluster(self, "keys", cluster_id)
end

function Context:schedules(cluster_id)
  return of_cluster(self, "schedules", cluster_id)
end

--- Labels with those of the stack.
function Context:labelled(labels, is_protected)
  local map = {}
  for key, value in pairs(labels or {}) do
    map[key] = value
  end
  map[LABEL] = self.stack.name
  map[PROTECTED] = is_protected and "yes" or nil
  return settings.pairs(map)
end

--- The stack that something belongs to, by its label.
function Context.stack_of(_, item)
  local ok, labels = pcall(function() return item.labels end)
  return ok and labels and settings.map(labels)[LABEL] or nil
end

function Context:is_ours(item)
  return self:stack_of(item) == self.stack.name
end

--- Why something must not go; nil when it may.
function Context.protection(_, item, spec)
  if spec.prevent_destroy or settings.map(item.labels)[PROTECTED] then
    return "it is protected (prevent_destroy)"
  end
end

--- Existing resources of a declared name that the stack does not own must be adopted first.
function Context:claim(action)
  local present = action.present
  if not present or self:is_ours(present) then
    return
  end
  local other = self:stack_of(present)
  if other then
    action.problem = ("it belongs to the stack \"%s\""):format(other)
    action.is_refusal = true
  elseif not self.is_adopting then
    action.problem = "it exists, but does not belong to this stack: qcsh adopt takes it over"
  else
    local phase = action.kind == "cluster" and present:phase()
    if phase == "SUSPENDED" or phase == "SUSPENDING" then
      self:note(("%s %s is %s and cannot be labelled: resume it, then adopt again"):format(
        action.kind, action.name, phase))
      return
    end
    -- Taking over changes nothing else: what differs is for the next plan.
    action.adopt = function()
      local wanted = self:labelled(settings.map(present.labels), action.spec.prevent_destroy)
      present:patch { labels = wanted }
    end
  end
end

--- Adds an action; one without a verb changes nothing.
function Context:add(action)
  self.actions[#self.actions + 1] = action
end

-- Packages and prices -------------------------------------------------------------------------

local function key_of(size)
  local parts = {}
  for _, name in ipairs { "cloud", "region", "package", "cpu", "ram", "gpu", "disk", "multi_az",
    "tier" } do
    parts[#parts + 1] = tostring(size[name])
  end
  return table.concat(parts, " ")
end

--- The regions of a provider that spaces can be in.
function Context:space_regions(cloud)
  self.regions[cloud] = self.regions[cloud] or self.connection.spaces:regions(cloud)
  return self.regions[cloud]
end

function Context:package(size)
  local key = key_of(size)
  self.packages[key] = self.packages[key] or self.connection.packages:choose(size)
  return self.packages[key]
end

--- The package that a cluster has.
function Context:package_by_id(cluster)
  return self:package {
    cloud = cluster.cloud_provider_id, region = cluster.cloud_provider_region_id,
    package = cluster.configuration.package_id,
  }
end

--- What something costs an hour; nil when one may not know.
function Context:quote(request)
  if request.cloud_provider_id == "hybrid" or self.has_no_prices then
    return nil
  end
  local key = host.json_encode(request)
  if self.quotes[key] == nil then
    local ok, answer = pcall(self.connection.api.booking.get_quote, request)
    if not ok then
      if type(answer) == "table"
        and (answer.code == "PERMISSION_DENIED" or answer.origin == "bound") then
        self.has_no_prices = true
        self:note("prices are unknown: reading them requires the permission write:clusters")
        return nil
      end
      error(answer, 0)
    end
    self.currency = answer.currency
    self.quotes[key] = answer.discounted_price_per_hour / 100000
  end
  return self.quotes[key]
end

--- What scaling a cluster down to a package would break.
function Context:risks(cluster, package)
  local found = {}
  for _, risk in ipairs(self.connection.api.cluster.get_cluster_downscale_risk({
    cluster_id = cluster.id, package_id = package.id,
  }).downscale_risks) do
    if risk.status ~= "CLUSTER_DOWNSCALE_RISK_STATUS_NO_RISK" then
      found[#found + 1] = "less memory: " .. (risk.reason
        or risk.status:gsub("^CLUSTER_DOWNSCALE_RISK_STATUS_", ""))
    end
  end
  return found
end

return Context
