--- What belongs to a cluster or a space of a stack: keys and backup schedules.
local host = ...

local diff = require "qdrant.stack.diff"
local qdrant = require "qdrant"
local units = require "qdrant.resource.units"

local children = {}

---@class qdrant.stack.Children
---@field kind string "key"
---@field owner { kind: string, name: string } what they belong to and come after
---@field specs? table<string, table|false> what is declared, by name; false for what must not be
---@field present table<string, table> what there is, by name
---@field text fun(spec: table): string? what a new one is like
---@field create fun(name: string, spec: table)
---@field compare fun(action: table, spec: table, present: table, create: fun()) says how to change one

--- Plans each that is declared. What is there and not declared stays.
---@param context table
---@param options qdrant.stack.Children
local function plan(context, options)
  local owner, kind = options.owner, options.kind
  for _, title in ipairs(host.sorted_keys(options.specs or {})) do
    local spec, present = options.specs[title], options.present[title]
    local name = owner.name .. "/" .. title
    local action = {
      kind = kind, name = name, key = kind:gsub(" ", "-") .. ":" .. name,
      after = { owner.kind .. ":" .. owner.name }, spec = spec or {}, changes = {},
      present = present,
    }
    local function create()
      options.create(title, spec)
    end
    if spec and present then
      options.compare(action, spec, present, create)
    elseif spec then
      action.verb, action.text, action.apply = "create", options.text(spec), create
    elseif present then
      action.verb = "delete"
      action.apply = function() present:delete() end
    end
    if spec or present then
      context:add(action)
    end
  end
end

--- Things by name. Where several have one, the newest counts.
---@param list? table[]
---@param field string what the name is called
---@return table<string, table> newest
---@return table[] older those that a newer one has the name of
local function by_name(list, field)
  local newest, older = {}, {}
  for _, item in ipairs(list or {}) do
    local other = newest[item[field]]
    if other and other.created_at > item.created_at then
      other, item = item, other
    end
    newest[item[field]] = item
    older[#older + 1] = other
  end
  return newest, older
end

---@class qdrant.stack.Keys
---@field kind string
---@field owner { kind: string, name: string }
---@field specs? table<string, table|false>
---@field list? table[] the keys that there are
---@field create fun(name: string, spec: table): table returns the key with its secret
---@field changes fun(spec: table, present: table): table[]

--- Plans keys: they cannot be changed, only made anew.
---@param context table
---@param options qdrant.stack.Keys
function children.keys(context, options)
  local newest, older = by_name(options.list, "name")
  plan(context, {
    kind = options.kind, owner = options.owner, specs = options.specs, present = newest,
    text = function(spec)
      return spec.collections and "for collections" or spec.access or "manage"
    end,
    create = function(name, spec)
      local made = options.create(name, spec)
      if spec.secret then
        spec.secret(made.key)
      end
    end,
    compare = function(action, spec, present, create)
      action.changes = options.changes(spec, present)
      if #action.changes > 0 then
        action.verb = "replace"
        action.warnings = { "its secret will be another one" }
        -- The new one first: nobody is without a key meanwhile.
        action.apply = function()
          create()
          present:delete()
        end
      end
    end,
  })
  -- A replacement that was interrupted leaves the old key, which nobody should go on with.
  for _, key in ipairs(older) do
    if options.specs and options.specs[key.name] ~= nil then
      local name = options.owner.name .. "/" .. key.name
      context:add {
        kind = options.kind, name = name, key = options.kind:gsub(" ", "-") .. ":" .. key.id,
        after = { options.owner.kind .. ":" .. options.owner.name }, spec = {}, changes = {},
        present = key, verb = "delete", text = "an older one of this name (" .. key.id .. ")",
        apply = function() key:delete() end,
      }
    end
  end
end

---@class qdrant.stack.Schedules
---@field kind string
---@field type string the message's name
---@field label string the field with a schedule's name
---@field owner { kind: string, name: string }
---@field specs? table<string, table|false>
---@field list? table[] the schedules that there are
---@field create fun(name: string, spec: table)

--- Plans backup schedules.
---@param context table
---@param options qdrant.stack.Schedules
function children.schedules(context, options)
  plan(context, {
    kind = options.kind, owner = options.owner, specs = options.specs,
    present = by_name(options.list, options.label),
    create = options.create,
    text = function(spec) return spec.cron end,
    compare = function(action, spec, present)
      action.changes = diff.between(options.type, {
        schedule = spec.cron and units.cron(spec.cron),
        retention_period = spec.retention or qdrant.null,
      }, present)
      if #action.changes > 0 then
        action.verb = "update"
        action.apply = function()
          present:update { cron = spec.cron, retention = spec.retention or qdrant.null }
        end
      end
    end,
  })
end

return children
