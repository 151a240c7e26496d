--- The form of a stack's declaration: which names it may have, and values of which types.
local host = ...

---@class qdrant.Stack
---@field name string
---@field clusters? table<string, qdrant.stack.Cluster|false> by name; false deletes one
---@field spaces? table<string, qdrant.stack.Space|false>
---@field environments? table<string, qdrant.stack.Environment|false>
---@field roles? table<string, qdrant.stack.Role|false>
---@field users? table<string, qdrant.stack.User> by email address

---@class qdrant.stack.Cluster: qdrant.clusters.Settings
---@field cloud string the provider: "aws"; "hybrid" for a hybrid cloud environment
---@field region string the region, or the name or id of a hybrid environment
---@field cpu? string|number per node: "2000m" or 2
---@field ram? string|number per node: "8GiB"
---@field disk? string|number per node, in total: "50GiB"
---@field gpu? string|number
---@field package? string the package by name or id, instead of a size
---@field tier? qdrant.cloud.booking.v1.PackageTier
---@field multi_az? boolean whether its nodes are spread over several zones
---@field keys? table<string, qdrant.stack.Key|false>
---@field schedules? table<string, qdrant.stack.Schedule|false>
---@field prevent_destroy? boolean refuses plans that delete it
---@field replace? boolean allows changes that recreate it without its data
---@field delete_backups? boolean deletes its backups with it

---@class qdrant.stack.Space: qdrant.spaces.Settings
---@field cloud string the provider: "aws"
---@field region string
---@field keys? table<string, qdrant.stack.SpaceKey|false>
---@field schedules? table<string, qdrant.stack.SpaceSchedule|false>
---@field prevent_destroy? boolean refuses plans that delete it
---@field replace? boolean allows changes that recreate it without its data
---@field delete_backups? boolean deletes its backups with it

---@class qdrant.stack.KeySettings
---@field collections? table<string, "read"|"read_only"|"write"|"read_write">|string[] instead of access; a list may read
---@field expires? string|userdata|qdrant.Null a time, a date, or a duration: "90d"; default: never
---@field file? string file for the secret, readable by its owner only
---@field secret? fun(secret: qdrant.Secret) takes the secret

---@class qdrant.stack.Key: qdrant.stack.KeySettings
---@field access? "manage"|"read"|"read_only" default: manage
---@field wait? boolean|string|userdata waits until the database accepts it

---@class qdrant.stack.SpaceKey: qdrant.stack.KeySettings
---@field access? "manage"|"read"|"metrics" default: manage

---@class qdrant.stack.Schedule
---@field cron string in UTC: "0 3 * * *", "@daily"
---@field retention? string|userdata|qdrant.Null how long backups are kept: "7d"; default: forever

---@class qdrant.stack.SpaceSchedule: qdrant.stack.Schedule
---@field collection? string default: all collections

---@class qdrant.stack.Environment: qdrant.environments.Settings
---@field prevent_destroy? boolean refuses plans that delete it

---@class qdrant.stack.Role
---@field description? string|qdrant.Null
---@field permissions? string[]
---@field prevent_destroy? boolean refuses plans that delete it

---@class qdrant.stack.User
---@field roles string[] names of roles
---@field exact? boolean removes all other roles

local form = {}

--- A label that stacks set themselves.
local function reserved(declared)
  for _, kind in ipairs { "clusters", "spaces" } do
    for _, name in ipairs(host.sorted_keys(declared[kind] or {})) do
      local labels = declared[kind][name] and declared[kind][name].labels
      for _, key in ipairs(type(labels) == "table" and host.sorted_keys(labels) or {}) do
        if key:find("^qcsh%-") then
          return ("label \"%s\": names that begin with \"qcsh-\" are reserved"):format(key),
            { kind, name, "labels", key }
        end
      end
    end
  end
end

--- The first mistake in a declaration; nil when there is none.
---@param declared any
---@return string? text
---@return any[]? path the keys that lead to the mistake; empty for the whole
function form.mistake(declared)
  if type(declared) ~= "table" then
    return "a stack must be a table with a name, or a function that returns one; got a "
      .. type(declared), {}
  end
  local text, path = host.mistake("qdrant.Stack", declared)
  if not text then
    text, path = reserved(declared)
  end
  if text and not (#path == 0 and declared.name == nil) then
    return text, path
  elseif type(declared.name) ~= "string" or not declared.name:find("^[%w][%w_.-]*$")
    or #declared.name > 63 then
    return "a stack needs a name of letters, digits, dots, dashes and underscores, which "
      .. "identifies its resources", { "name" }
  end
end

return form
