--- Writes HCL as `terraform fmt` would have it (HCL 2 native syntax).
local hcl = {}

local Raw = { __name = "hcl expression" }

--- An expression that is written as it is: a reference.
---@param text string
---@return table
function hcl.raw(text)
  return setmetatable({ text = text }, Raw)
end

local escapes = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

--- A text as a quoted template without any interpolation.
local function quoted(text)
  text = text:gsub('[\\"\n\r\t]', escapes):gsub("%c", function(c)
    return ("\\u%04x"):format(c:byte())
  end)
  return '"' .. text:gsub("%${", "$${"):gsub("%%{", "%%%%{") .. '"'
end

--- A value in one line.
local function expression(value)
  if getmetatable(value) == Raw then
    return value.text
  elseif type(value) == "table" then
    local parts = {}
    for i, item in ipairs(value) do
      parts[i] = expression(item)
    end
    return "[" .. table.concat(parts, ", ") .. "]"
  elseif type(value) == "string" then
    return quoted(value)
  end
  return tostring(value)
end

local write

--- A body: attributes, aligned, then blocks with a blank line between them.
local function write_body(body, indent, lines)
  local width = 0
  for _, attribute in ipairs(body.attributes) do
    width = math.max(width, #attribute[1])
  end
  for _, attribute in ipairs(body.attributes) do
    lines[#lines + 1] = ("%s%-" .. width .. "s = %s"):format(indent, attribute[1],
      expression(attribute[2]))
  end
  for i, block in ipairs(body.blocks) do
    if i > 1 or #body.attributes > 0 then
      lines[#lines + 1] = ""
    end
    write(block, indent, lines)
  end
end

function write(block, indent, lines)
  for _, comment in ipairs(block.comments or {}) do
    lines[#lines + 1] = indent .. "# " .. comment
  end
  local head = block.kind
  for _, label in ipairs(block.labels or {}) do
    head = head .. " " .. quoted(label)
  end
  if #block.attributes + #block.blocks == 0 then
    lines[#lines + 1] = indent .. head .. " {}"
    return
  end
  lines[#lines + 1] = indent .. head .. " {"
  write_body(block, indent .. "  ", lines)
  lines[#lines + 1] = indent .. "}"
end

local Block = {}
Block.__index = Block

--- A block: `resource "type" "name" { … }`.
---@param kind string
---@param ... string labels
---@return table
function hcl.block(kind, ...)
  return setmetatable({
    kind = kind, labels = { ... }, attributes = {}, blocks = {}, comments = {},
  }, Block)
end

--- Sets an attribute; nil sets none.
function Block:set(name, value)
  if value ~= nil then
    self.attributes[#self.attributes + 1] = { name, value }
  end
  return self
end

--- Adds a block; one without content is left out.
function Block:add(block)
  if block and #block.attributes + #block.blocks > 0 then
    self.blocks[#self.blocks + 1] = block
  end
  return self
end

--- Notes something above it.
function Block:note(text)
  self.comments[#self.comments + 1] = text
  return self
end

--- Blocks as text.
---@param blocks table[]
---@return string
function hcl.text(blocks)
  local lines = {}
  for i, block in ipairs(blocks) do
    if i > 1 then
      lines[#lines + 1] = ""
    end
    write(block, "", lines)
  end
  return table.concat(lines, "\n") .. "\n"
end

return hcl
