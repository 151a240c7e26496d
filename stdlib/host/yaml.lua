--- YAML: reading 1.1 as libyaml does, writing 1.2 in block style.
local host = ...

local yaml = {}

--- The value of YAML's null, which a table cannot hold as nil.
yaml.null = host.null

--- Encodes a value as one document. Keys are sorted; fields of messages keep the order of the contract.
---@usage yaml.encode { name = "search", nodes = 3 }
---@param value any
---@return string
function yaml.encode(value)
  return host.yaml_encode(value)
end

--- Decodes a text with one document.
---@usage yaml.decode("name: search\nnodes: 3").nodes
---@param text string
---@return any
function yaml.decode(text)
  return host.yaml_decode(text, false)
end

--- Decodes all documents of a text.
---@usage #yaml.decode_all("a: 1\n---\nb: 2\n")
---@param text string
---@return any[]
function yaml.decode_all(text)
  return host.yaml_decode(text, true)
end

return yaml
