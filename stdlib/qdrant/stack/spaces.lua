--- Serverless spaces of a stack, with their keys and backup schedules.
local host = ...

local diff = require "qdrant.stack.diff"
local qdrant = require "qdrant"
local settings = require "qdrant.resource.settings"
local units = require "qdrant.resource.units"

local TYPE = "qdrant.cloud.serverless.space.v1.Space"
local ACCESS = { manage = "MANAGE", read = "READ_ONLY", metrics = "METRICS_READ_ONLY" }

local others = { cloud = true, region = true, keys = true, schedules = true,
  prevent_destroy = true, replace = true, delete_backups = true }

local kinds = {}

local function plan_keys(context, name, spec, space, is_new)
  local present = {}
  for _, key in ipairs(space and not is_new and space:keys() or {}) do
    if not key.deleted_at then
      present[key.name] = key
    end
  end
  for _, key_name in ipairs(host.sorted_keys(spec.keys or {})) do
    local own, key = spec.keys[key_name], present[key_name]
    local title = name .. "/" .. key_name
    local action = {
      kind = "space key", name = title, key = "space-key:" .. title, after = { "space:" .. name },
      spec = own or {}, changes = {}, present = key,
    }
    local function create()
      local made = context.connection.spaces:find(name):wait({ progress = false }):create_key {
        name = key_name, access = own.access, collections = own.collections, expires = own.expires,
        file = own.file,
      }
      if own.secret then
        own.secret(made.key)
      end
    end
    if own == false then
      if key then
        action.verb, action.apply = "delete", function() key:delete() end
      end
    elseif not key then
      action.verb, action.apply = "create", create
      action.text = own.collections and "for collections" or own.access or "manage"
    else
      action.changes = diff.between("qdrant.cloud.serverless.space.auth.v1.SpaceApiKey", {
        access_rules = settings.rules(own, ACCESS),
      }, key)
      if #action.changes > 0 then
        action.verb = "replace"
        action.warnings = { "its secret will be another one" }
        action.apply = function()
          key:delete()
          create()
        end
      end
    end
    context:add(action)
  end
end

local function plan_schedules(context, name, spec, space, is_new)
  local present = {}
  for _, schedule in ipairs(space and not is_new and space:schedules() or {}) do
    present[schedule.name] = schedule
  end
  for _, title in ipairs(host.sorted_keys(spec.schedules or {})) do
    local own, schedule = spec.schedules[title], present[title]
    local action = {
      kind = "space schedule", name = name .. "/" .. title,
      key = "space-schedule:" .. name .. "/" .. title, after = { "space:" .. name },
      spec = own or {}, changes = {}, present = schedule,
    }
    if own == false then
      if schedule then
        action.verb, action.apply = "delete", function() schedule:delete() end
      end
    elseif not schedule then
      action.verb, action.text = "create", own.cron
      action.apply = function()
        context.connection.spaces:find(name):wait({ progress = false }):create_schedule {
          name = title, cron = own.cron, retention = own.retention, collection = own.collection,
        }
      end
    else
      action.changes = diff.between("qdrant.cloud.serverless.space.backup.v1.BackupSchedule", {
        schedule = own.cron and units.cron(own.cron),
        retention_period = own.retention or qdrant.null,
      }, schedule)
      if #action.changes > 0 then
        action.verb = "update"
        action.apply = function()
          schedule:update { cron = own.cron, retention = own.retention or qdrant.null }
        end
      end
    end
    context:add(action)
  end
end

function kinds.remove(context, space)
  local spec = context.stack.spaces and context.stack.spaces[space.name] or {}
  context:add {
    kind = "space", name = space.name, key = "space:" .. space.name, after = {}, verb = "delete",
    changes = {}, spec = spec, present = space, problem = context:protection(space, spec),
    apply = function()
      space:delete { wait = true, progress = false, backups = spec.delete_backups == true }
    end,
  }
end

--- Plans the spaces: those that are declared, and those that were in the stack before.
function kinds.plan(context)
  local declared = context.stack.spaces or {}
  for _, name in ipairs(host.sorted_keys(declared)) do
    local spec = declared[name]
    local present = context:find("spaces", name)
    if spec == false then
      if present then
        kinds.remove(context, present)
      end
    else
      local action = {
        kind = "space", name = name, key = "space:" .. name, after = {}, spec = spec,
        changes = {}, present = present,
      }
      context:claim(action)
      local wanted = settings.space(spec, others, "space " .. name)
      wanted.name = nil
      local labels = spec.labels
      if labels == nil and present then
        labels = settings.map(present.labels)
      end
      wanted.labels = context:labelled(labels ~= qdrant.null and labels or nil,
        spec.prevent_destroy)
      wanted.cloud_provider_id, wanted.cloud_provider_region_id = spec.cloud, spec.region
      local function create()
        context.connection.spaces:create {
          name = name, cloud = spec.cloud, region = spec.region, origins = spec.origins,
          labels = settings.map(wanted.labels), cost_label = spec.cost_label, allow = spec.allow,
          max_storage = spec.max_storage, wait = true, progress = false,
        }
      end
      if not present then
        action.verb, action.apply = "create", create
        action.text = ("%s in %s"):format(tostring(spec.cloud), tostring(spec.region))
      else
        action.changes = diff.between(TYPE, wanted, present)
        for _, change in ipairs(action.changes) do
          action.verb = action.verb or "update"
          if change.path == "cloud_provider_id" or change.path == "cloud_provider_region_id" then
            action.verb = "replace"
            action.warnings = { change.path .. " cannot be changed: the space would be made anew, "
              .. "without its data" }
          end
        end
        if action.verb == "replace" then
          action.problem = context:protection(present, spec) or not spec.replace
            and action.warnings[1] .. "; `replace = true` in its declaration allows that" or nil
          action.apply = function()
            present:delete { wait = true, progress = false, backups = spec.delete_backups == true }
            create()
          end
        elseif action.verb == "update" then
          action.apply = function()
            present:patch(diff.part(wanted, diff.between(TYPE, wanted, present)))
            present:wait { progress = false }
          end
        end
      end
      context:add(action)
      local is_new = not present or action.verb == "replace"
      plan_keys(context, name, spec, present, is_new)
      plan_schedules(context, name, spec, present, is_new)
    end
  end
  for _, space in ipairs(context:list("spaces")) do
    if context:is_ours(space) and declared[space.name] == nil then
      kinds.remove(context, space)
    end
  end
end

return kinds
