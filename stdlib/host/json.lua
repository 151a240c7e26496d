--- JSON: canonical ProtoJSON for messages of the API, plain JSON for everything else.
local host = ...

local json = {}

--- The value of JSON's null, which a table cannot hold as nil.
json.null = host.null

--- Encodes a value.
---@usage json.encode { name = "search", nodes = 3 }
---@param value any
---@param options? { pretty?: boolean }
---@return string
function json.encode(value, options)
  return host.json_encode(value, host.options(options, "json.encode", "pretty").pretty == true)
end

--- Decodes a document. Arrays are lists, null is `json.null`.
---@usage json.decode('{"name":"search"}').name
---@param text string
---@return any
function json.decode(text)
  return host.json_decode(text)
end

--- Marks a table as a list, so that an empty one is encoded as [].
---@usage json.encode(json.list {})
---@generic T
---@param items? T[]
---@return T[]
function json.list(items)
  return host.list(items)
end

return json
