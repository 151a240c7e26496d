--- What belongs to a cluster or a space of a stack: keys and backup schedules.
local host = ...

local actions = require "qdrant.stack.action"
local diff = require "qdrant.stack.diff"
local qdrant = require "qdrant"
local resource = require "qdrant.resource"
local settings = require "qdrant.resource.settings"
local units = require "qdrant.resource.units"

local children = {}

---@class qdrant.stack.Children
---@field kind string "key"
---@field owner { kind: string, name: string } what they belong to and come after
---@field specs? table<string, table|false> what is declared, by name; false for what must not be
---@field present table<string, table> what there is, by name
---@field text fun(spec: table): string? what a new one is like
---@field check fun(name: string, spec: table, action: table) raises what is wrong with a declaration
---@field create fun(name: string, spec: table)
---@field compare fun(action: table, spec: table, present: table, create: fun()) says how to change one

--- Plans each that is declared. Undeclared ones stay.
---@param context table
---@param options qdrant.stack.Children
local function plan(context, options)
  local owner, kind = options.owner, options.kind
  for title in pairs(options.present) do
    if not (options.specs and options.specs[title] ~= nil) then
      context:note_undeclared(owner, kind, title)
    end
  end
  for _, title in ipairs(host.sorted_keys(options.specs or {})) do
    local spec, present = options.specs[title], options.present[title]
    local name = owner.name .. "/" .. title
    local action = actions.new {
      kind = kind, name = name, after = { owner.kind .. ":" .. owner.name }, spec = spec or {},
      present = present,
    }
    local function create()
      options.create(title, spec)
    end
    if spec then
      -- What is wrong with it is told of before anything is done.
      context:named(kind .. " " .. name, function() options.check(title, spec, action) end)
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
---@field type string the message's name
---@field access table<string, string> what a key may do in the whole database, by name
---@field request qdrant.stack.Request
---@field create fun(name: string, spec: table): table returns the key with its secret

--- How something is made that belongs to something else.
---@class qdrant.stack.Request
---@field type string the request's name
---@field field string its field with what is made
---@field owner string the field of that with the owner's id
---@field id? string the owner's id, when there is one

--- In the place of the id of what is not there yet.
children.LATER = "00000000-0000-4000-8000-000000000000"

--- What the contract has against making something; nil when there is nothing.
local function problem_of(context, request, message)
  message[request.owner] = request.id or children.LATER
  return context:problem_of(request.type, { [request.field] = message })
end

--- What a key is declared by.
local KEY = "access collections expires file secret wait"

local GLOBAL = "^GLOBAL_ACCESS_RULE_ACCESS_TYPE_"
local COLLECTION = "^COLLECTION_ACCESS_RULE_ACCESS_TYPE_"

--- What a key may do, in a few words: "read_only", "documents: read_write".
local function rules_text(rules)
  local parts = {}
  for i, rule in ipairs(rules or {}) do
    local all, one = rule.global_access, rule.collection_access
    parts[i] = all and all.access_type:gsub(GLOBAL, ""):lower()
      or ("%s: %s"):format(one.collection_name, one.access_type:gsub(COLLECTION, ""):lower())
  end
  return #parts > 0 and table.concat(parts, ", ") or "manage"
end

local function has_expired(key)
  return key.expires_at ~= nil and key.expires_at < host.now()
end

--- What a key's declaration means, as far as a key can differ from it.
---@param spec table
---@param key table
---@param access table<string, string> what a key may do in the whole database, by name
---@return table
local function wanted_key(spec, key, access)
  local wanted = { access_rules = settings.rules(spec, access) }
  -- A key without rules may do everything.
  if #key.access_rules == 0 and not spec.collections and (spec.access or "manage") == "manage" then
    wanted.access_rules = nil
  end
  -- A length counts from when the key was made; that it has one at all can be seen.
  local is_moment = type(spec.expires) == "userdata"
    or type(spec.expires) == "string" and spec.expires:find("^%d%d%d%d%-")
  if is_moment or spec.expires and not key.expires_at then
    wanted.expires_at = settings.expiry(spec.expires)
  end
  return wanted
end

--- Whether the file of a key's secret is older than the key: the run that was to write it was interrupted.
local function is_lost(spec, key)
  local file = spec.file and require("fs").stat(spec.file)
  return spec.file ~= nil and not (file and file.modified and file.modified >= key.created_at)
end

--- How a key differs from its declaration, and what is done about it.
---@param older table<string, any> the older keys of its name
local function compare_key(action, spec, present, create, changes, older)
  action.problem = nil
  action.changes = changes
  if has_expired(present) then
    action.text = "it has expired"
  elseif older[present.name] and is_lost(spec, present) then
    action.text = "its secret is missing from " .. spec.file
  end
  for _, change in ipairs(action.changes) do
    if change.path == "access_rules" then
      change.text = ("%s → %s"):format(rules_text(change.from), rules_text(change.to))
    end
  end
  if #action.changes > 0 or action.text then
    action.verb = "replace"
    action.warnings = { "its secret will change" }
    -- The new one first: nobody is without a key meanwhile.
    action.apply = function()
      create()
      present:delete()
    end
  end
end

--- Plans what becomes of older keys of the declared names. A replacement that was interrupted leaves
--- the old key, which no run should continue with. One that is as declared is not such a key: somebody
--- has made two of a name.
local function plan_older(context, options, older, changes)
  for _, key in ipairs(older) do
    local spec = options.specs and options.specs[key.name]
    if spec and #changes(spec, key) == 0 and not has_expired(key) then
      context:note(("%s %s: several keys are named \"%s\"; %s stays unchanged"):format(
        options.owner.kind, options.owner.name, key.name, key.id))
    elseif spec ~= nil then
      context:add(actions.new {
        kind = options.kind, name = options.owner.name .. "/" .. key.name,
        key = options.kind:gsub(" ", "-") .. ":" .. key.id,
        after = { options.owner.kind .. ":" .. options.owner.name }, spec = {},
        present = key, verb = "delete", text = "an older key of this name (" .. key.id .. ")",
        apply = function() key:delete() end,
      })
    end
  end
end

--- Plans keys: they cannot be changed, only replaced.
---@param context table
---@param options qdrant.stack.Keys
function children.keys(context, options)
  local function changes(spec, key)
    return diff.between(options.type, wanted_key(spec, key, options.access), key)
  end
  local newest, older = by_name(options.list, "name")
  local older_of = {}
  for _, key in ipairs(older) do
    older_of[key.name] = key
  end
  plan(context, {
    kind = options.kind, owner = options.owner, specs = options.specs, present = newest,
    text = function(spec)
      local text = spec.collections and "for collections" or spec.access or "manage"
      return text .. (spec.file and ", secret in " .. spec.file or spec.secret and ""
        or "; its secret will be lost: declare file or secret")
    end,
    check = function(name, spec, action)
      resource.options(spec, options.kind, KEY)
      action.problem = problem_of(context, options.request, {
        name = name, access_rules = settings.rules(spec, options.access),
        expires_at = settings.expiry(spec.expires),
      })
      if spec.file and not context:claim_file(spec.file) then
        error(("another key of this stack already uses file = \"%s\""):format(spec.file), 0)
      elseif spec.file then
        host.fs_check_place(spec.file)
      end
    end,
    create = function(name, spec)
      local made = options.create(name, spec)
      if spec.secret then
        spec.secret(made.key)
      end
    end,
    compare = function(action, spec, present, create)
      compare_key(action, spec, present, create, changes(spec, present), older_of)
    end,
  })
  plan_older(context, options, older, changes)
end

---@class qdrant.stack.Schedules
---@field kind string
---@field type string the message's name
---@field label string the field with a schedule's name
---@field owner { kind: string, name: string }
---@field specs? table<string, table|false>
---@field list? table[] the schedules that there are
---@field collection? boolean whether one may be of a collection only
---@field request qdrant.stack.Request
---@field create fun(name: string, spec: table)

--- Plans backup schedules.
---@param context table
---@param options qdrant.stack.Schedules
function children.schedules(context, options)
  plan(context, {
    kind = options.kind, owner = options.owner, specs = options.specs,
    present = (by_name(options.list, options.label)),
    create = options.create,
    text = function(spec) return spec.cron end,
    check = function(name, spec, action)
      units.cron(spec.cron)
      action.problem = problem_of(context, options.request, {
        [options.label] = name, schedule = spec.cron, retention_period = spec.retention,
        collection_name = spec.collection,
      })
    end,
    compare = function(action, spec, present, create)
      action.problem = nil
      action.changes = diff.between(options.type, {
        schedule = spec.cron and units.cron(spec.cron),
        retention_period = spec.retention or qdrant.null,
      }, present)
      if options.collection and spec.collection ~= present.collection_name then
        -- What a schedule is of cannot be changed.
        action.verb = "replace"
        action.changes[#action.changes + 1] = { path = "collection_name",
          from = present.collection_name, to = spec.collection }
        action.apply = function()
          present:delete()
          create()
        end
      elseif #action.changes > 0 then
        action.verb = "update"
        action.apply = function()
          present:update { cron = spec.cron, retention = spec.retention or qdrant.null }
        end
      end
    end,
  })
end

return children
