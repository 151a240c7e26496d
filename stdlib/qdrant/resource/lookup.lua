--- Resources by their names.
local host = ...

local resource = require "qdrant.resource.handles"

--- The element with a name or an id; fails when none or several match. E-mail addresses match in any
--- case.
---@usage resource.pick({ { id = "1", name = "Rex" } }, "Rex", "pet")
---@param list table[]
---@param wanted string
---@param noun string
---@param field? string the field that holds the name; default: `name`
---@return table
function resource.pick(list, wanted, noun, field)
  field = field or "name"
  if type(wanted) ~= "string" or wanted == "" then
    host.blame(("which %s? Expected a name or an id, got %s"):format(noun,
      wanted == "" and "an empty string" or wanted == nil and "nothing" or "a " .. type(wanted)))
  end
  local found, any_case = {}, field:find("email$") and wanted:lower()
  for _, item in ipairs(list) do
    if item.id == wanted:lower() then
      return item
    elseif item[field] == wanted or any_case and item[field]:lower() == any_case then
      found[#found + 1] = item
    end
  end
  if #found == 1 then
    return found[1]
  elseif #found > 1 then
    local ids = {}
    for i, item in ipairs(found) do
      ids[i] = item.id
    end
    resource.fail("FAILED_PRECONDITION", ("%d %ss are named \"%s\"; use the id: %s"):format(
      #found, noun, wanted, table.concat(ids, ", ")))
  end
  local names, known = {}, {}
  for _, item in ipairs(list) do
    names[#names + 1] = item[field]
    known[item[field] or ""] = true
  end
  table.sort(names)
  local near = host.nearest_name(wanted, known)
  local hint = near and ("; did you mean \"%s\"?"):format(near)
    or #names == 0 and ("; there are no %ss"):format(noun)
    or "; there are " .. table.concat(names, ", ", 1, math.min(#names, 12))
      .. (#names > 12 and (" and %d more"):format(#names - 12) or "")
  resource.fail("NOT_FOUND", ("no %s named \"%s\"%s"):format(noun, wanted, hint))
end

--- The id of the cluster that the options name, or of the cluster that the module is scoped to.
---@usage resource.cluster_id(qdrant.backups, { cluster = "search-prod" })
---@async
---@param module { connection: table, cluster?: any }
---@param options? { cluster?: any } a handle, a name or an id
---@return string? id nil when there is no cluster
function resource.cluster_id(module, options)
  local wanted = options and options.cluster or module.cluster
  return wanted and resource.id_of(wanted, "cluster", function(name)
    return module.connection.clusters:find(name)
  end)
end

return resource
