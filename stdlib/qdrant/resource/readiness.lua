--- Decides when a cluster has reached its requested state. HEALTHY alone is not enough: it may date
--- from before the change, and the cluster may not have its address yet.
local host = ...

local units = require "qdrant.resource.units"

local readiness = {}

--- Phases from which a cluster does not come back by itself.
local FAILED = {
  CLUSTER_PHASE_FAILED_TO_CREATE = true, CLUSTER_PHASE_FAILED_TO_UPDATE = true,
  CLUSTER_PHASE_FAILED_TO_SUSPEND = true, CLUSTER_PHASE_FAILED_TO_RESUME = true,
  CLUSTER_PHASE_NOT_FOUND = true, CLUSTER_PHASE_DELETING = true,
}

--- Phases that may pass: they are failures when they stay.
local DOUBTFUL = {
  CLUSTER_PHASE_FAILED_TO_SYNC = true, CLUSTER_PHASE_RECOVERY_MODE = true,
}

--- How long doubtful phases, and what may be an answer from before a change, are waited out: looks
--- that follow each other, and seconds.
local PATIENCE = 60

--- "HEALTHY" of CLUSTER_PHASE_HEALTHY.
---@usage readiness.phase({ state = { phase = "CLUSTER_PHASE_HEALTHY" } })
---@param cluster table
---@return string
function readiness.phase(cluster)
  local phase = cluster.state and cluster.state.phase or "CLUSTER_PHASE_UNSPECIFIED"
  return (tostring(phase):gsub("^CLUSTER_PHASE_", ""))
end

--- What is wrong with a cluster by its own account: its reason, and its nodes that are not ready.
---@usage readiness.problems(qdrant.clusters:find("search-prod"))
---@param cluster table
---@return string[]
function readiness.problems(cluster)
  local list, state = host.list(), cluster.state
  if not state then
    return list
  end
  if state.reason ~= "" then
    list[1] = state.reason
  end
  for _, node in ipairs(state.nodes) do
    local info = node.not_ready_info
    if info then
      list[#list + 1] = ("%s: %s"):format(node.name, info.event_message or info.condition_message)
    end
  end
  return list
end

--- A string followed by the problem.
local function with_problems(text, cluster)
  local problems = readiness.problems(cluster)
  return #problems > 0 and text .. ": " .. table.concat(problems, "; ") or text
end

local function why(cluster)
  return with_problems(readiness.phase(cluster), cluster)
end

--- Whether all that can be seen of a cluster is as its configuration says.
local function is_settled(cluster)
  local state, wanted = cluster.state, cluster.configuration
  return state.phase == "CLUSTER_PHASE_HEALTHY" and state.endpoint and state.endpoint.url ~= ""
    and state.nodes_up >= wanted.number_of_nodes
    and (not wanted.version or wanted.version == "latest" or state.version == wanted.version)
end

--- What a change is recognised by once it is done.
---@class qdrant.readiness.Change
---@field restarts? boolean whether all nodes restart
---@field package? table the package that the nodes are to have
---@field disk? integer GiB of each node
---@field since? userdata when the configuration was changed, by the server's clock

local function has_happened(cluster, change, before)
  local state = cluster.state
  local modified = cluster.configuration.last_modified_at
  if change.since and modified and modified < change.since then
    return false
  end
  if change.package then
    local has, wanted = state.resources, change.package.resource_configuration
    if has.ram.base + 0.01 < units.bytes(wanted.ram) / 2 ^ 30
      or has.ram.base - 0.01 > units.bytes(wanted.ram) / 2 ^ 30
      or math.abs(has.cpu.base - units.millicores(wanted.cpu)) > 1 then
      return false
    end
  end
  if change.disk then
    local disk = state.resources.disk
    if disk.base + disk.additional + 0.01 < change.disk then
      return false
    end
  end
  if change.restarts then
    -- The server's clock on both sides.
    local since = before and before.state.restarted_at
    local asked = state.restarted_at
    if asked and (not since or asked > since) then
      since = asked
    elseif change.since then
      since = change.since
    else
      return false
    end
    for _, node in ipairs(state.nodes) do
      if not node.started_at or node.started_at < since then
        return false
      end
    end
  end
  return true
end

local function text_of(cluster)
  local state = cluster.state
  local text = readiness.phase(cluster)
  if state.nodes_up < cluster.configuration.number_of_nodes then
    text = ("%s, %d of %d nodes"):format(text, state.nodes_up,
      cluster.configuration.number_of_nodes)
  elseif text == "HEALTHY" and state.endpoint.url == "" then
    text = "HEALTHY, no address yet"
  end
  return with_problems(text, cluster)
end

--- Judges looks at a cluster that is to be ready.
---@param clock fun(): number
---@param change? qdrant.readiness.Change
---@param before? table the cluster before the change
---@return fun(cluster: table): qdrant.wait.Verdict
function readiness.ready(clock, change, before)
  local doubtful_since
  local has_moved = not before
  return function(cluster)
    local phase = cluster.state.phase
    has_moved = has_moved or phase ~= before.state.phase
    if is_settled(cluster) and (not change or has_happened(cluster, change, before)) then
      return { done = true }
    end
    local is_stale = not has_moved and phase == before.state.phase
    local is_stopped = phase == "CLUSTER_PHASE_SUSPENDED" or phase == "CLUSTER_PHASE_SUSPENDING"
    if FAILED[phase] or DOUBTFUL[phase] or is_stopped then
      doubtful_since = doubtful_since or clock()
      local is_sure = not is_stale and not DOUBTFUL[phase]
      if is_sure or clock() - doubtful_since > PATIENCE then
        return { failed = why(cluster) .. (is_stopped and "; :resume() starts it" or "") }
      end
    else
      doubtful_since = nil
    end
    return { text = text_of(cluster) }
  end
end

--- Judges looks at a cluster that is to stop.
---@param clock fun(): number
---@param before table
---@return fun(cluster: table): qdrant.wait.Verdict
function readiness.suspended(clock, before)
  local failed_since
  return function(cluster)
    local phase = cluster.state.phase
    if phase == "CLUSTER_PHASE_SUSPENDED" then
      return { done = true }
    elseif FAILED[phase] then
      failed_since = failed_since or clock()
      if phase ~= before.state.phase or clock() - failed_since > PATIENCE then
        return { failed = why(cluster) }
      end
    end
    return { text = text_of(cluster) }
  end
end

--- Statuses of backups and restores that end without success.
local UNSUCCESSFUL = { FAILED = true, SKIPPED = true, NOT_FOUND = true }

--- Judges looks at a backup or a restore that is to succeed.
---@usage readiness.succeeded(host.monotonic, function(backup) return backup.status end)
---@param clock fun(): number
---@param status_of fun(job: table): string its status, without prefix
---@return fun(job: table): qdrant.wait.Verdict
function readiness.succeeded(clock, status_of)
  local lost_since
  return function(job)
    local status = status_of(job)
    -- The region may answer again.
    lost_since = status == "FAILED_TO_SYNC" and (lost_since or clock()) or nil
    if UNSUCCESSFUL[status] or lost_since and clock() - lost_since > PATIENCE then
      return { failed = status }
    end
    return { done = status == "SUCCEEDED", text = status }
  end
end

--- Judges looks at a cluster that is to go.
---@return fun(cluster: table): qdrant.wait.Verdict
function readiness.gone()
  return function(cluster)
    return { text = text_of(cluster) }
  end
end

return readiness
