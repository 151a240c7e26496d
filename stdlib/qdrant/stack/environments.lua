--- Hybrid environments of a stack.
local actions = require "qdrant.stack.action"
local diff = require "qdrant.stack.diff"
local settings = require "qdrant.resource.settings"

local kinds = {}

local function removal(context, environment, spec)
  -- Clusters go first.
  local after = {}
  for _, cluster in ipairs(context:list("clusters")) do
    if cluster.cloud_provider_region_id == environment.id then
      after[#after + 1] = "cluster:" .. cluster.name
    end
  end
  return actions.new {
    kind = "environment", name = environment.name,
    after = after, verb = "delete", spec = spec or {}, present = environment,
    -- Environments have no labels: nobody knows who else counts on one.
    warnings = { "other stacks may also declare it" },
    problem = spec and spec.prevent_destroy and "it is protected (prevent_destroy)" or nil,
    apply = function() environment:delete() end,
  }
end

--- Plans that an environment goes.
function kinds.remove(context, environment)
  local declared = context.stack.environments
  context:add(removal(context, environment, declared and declared[environment.name] or nil))
end

local function plan_environment(context, name, spec, present)
  local action = actions.new {
    kind = "environment", name = name, spec = spec, present = present,
  }
  local wanted
  context:named("environment " .. name, function()
    wanted = settings.environment(spec, { prevent_destroy = true }, "environment " .. name)
  end)
  wanted.name = nil
  local options = {}
  for key, value in pairs(spec) do
    options[key] = key ~= "prevent_destroy" and value or nil
  end
  if not present then
    action.verb, action.text = "create", spec.namespace and "namespace " .. spec.namespace
    action.apply = function()
      options.name = name
      context.connection.environments:create(options)
    end
    local request = diff.without_nulls(wanted)
    request.name = name
    action.problem = context:problem_of(
      "qdrant.cloud.hybrid.v1.CreateHybridCloudEnvironmentRequest",
      { hybrid_cloud_environment = request })
  else
    action.changes = diff.between("qdrant.cloud.hybrid.v1.HybridCloudEnvironment", wanted, present)
    if #action.changes > 0 then
      action.verb = "update"
      action.apply = function() present:update(options) end
    end
  end
  context:add(action)
end

--- Plans the environments. They have no labels: undeclared ones belong to no stack.
function kinds.plan(context)
  context:plan_each("environments", plan_environment, kinds.remove)
end

return kinds
