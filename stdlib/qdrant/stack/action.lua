--- What a plan does about one thing of a stack.
local host = ...

---@class qdrant.stack.Action
---@field kind string what the thing is: `cluster`, `database key`
---@field name string what it is called; of a cluster's children with the cluster's name before it
---@field key string identifies it in the plan
---@field after string[] the keys of those that must be done before
---@field spec table its declaration; empty for what is only deleted
---@field changes table[] what differs: `path`, `from`, `to`
---@field present? table the thing as it is; nil if it must be created
---@field verb? "create"|"update"|"replace"|"delete" what is done; nothing when there is none
---@field text? string what people should know of it
---@field warnings? string[] what it does besides
---@field problem? string why it cannot be done
---@field is_refusal? boolean whether the problem is that it is somebody else's
---@field price? { before?: table, after?: table } quotes
---@field apply? fun() does it
---@field adopt? fun() makes the thing this stack's
local Action = {}

local FIELDS = host.names("kind name key after spec changes present verb text warnings problem "
  .. "is_refusal price apply adopt")

Action.__index = Action

function Action.__newindex(self, name, value)
  if not FIELDS[name] then
    error(("an action of a stack has no \"%s\""):format(tostring(name)), 2)
  end
  rawset(self, name, value)
end

local actions = {}

--- Makes an action.
---@param fields table its fields; `key`, `after`, `spec` and `changes` have defaults
---@return qdrant.stack.Action
function actions.new(fields)
  local self = setmetatable({ after = {}, spec = {}, changes = {} }, Action)
  for name, value in pairs(fields) do
    self[name] = value
  end
  self.key = self.key or fields.kind:gsub(" ", "-") .. ":" .. fields.name
  return self
end

return actions
