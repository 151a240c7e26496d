--- What a request carries: its body in the form that the options ask for, and its headers.
local host = ...
local crypto = require "crypto"

local body = {}

local function quoted(text)
  return (text:gsub('[\r\n"]', { ["\r"] = "%0D", ["\n"] = "%0A", ['"'] = "%22" }))
end

--- A multipart/form-data body (RFC 7578) and its content type.
local function multipart(parts)
  local list = {}
  if parts[1] then
    list = parts
  else
    for _, name in ipairs(host.sorted_keys(parts)) do
      local value = parts[name]
      list[#list + 1] = type(value) == "table"
          and { name = name, content = value.content, filename = value.filename, type = value.type }
        or { name = name, content = host.is_secret(value) and value or tostring(value) }
    end
  end
  local boundary = "qcsh-" .. host.crypto_random(16):gsub(".", function(c)
    return ("%02x"):format(c:byte())
  end)
  local lines = {}
  for i, part in ipairs(list) do
    if type(part.name) ~= "string" or type(part.content) ~= "string" then
      error(("http: multipart[%d] needs a name and a content"):format(i), 0)
    end
    local disposition = 'form-data; name="' .. quoted(part.name) .. '"'
    if part.filename then
      disposition = disposition .. '; filename="' .. quoted(part.filename) .. '"'
    end
    lines[#lines + 1] = "--" .. boundary
    lines[#lines + 1] = "Content-Disposition: " .. disposition
    if part.type or part.filename then
      lines[#lines + 1] = "Content-Type: " .. quoted(part.type or "application/octet-stream")
    end
    lines[#lines + 1] = ""
    lines[#lines + 1] = part.content
  end
  lines[#lines + 1] = "--" .. boundary .. "--"
  lines[#lines + 1] = ""
  return table.concat(lines, "\r\n"), "multipart/form-data; boundary=" .. boundary
end

--- The headers and the body of a request by its options.
---@param options http.Options
---@param query fun(values: table<string, any>): string
---@return table headers pairs of names and values, in order
---@return string|userdata|nil body
function body.prepare(options, query)
  local headers, content = {}, options.body
  local function add(name, value)
    headers[#headers + 1] = { name, value }
  end
  local has_type = false
  for _, name in ipairs(host.sorted_keys(options.headers or {})) do
    local value = options.headers[name]
    has_type = has_type or name:lower() == "content-type"
    for _, one in ipairs(type(value) == "table" and value or { value }) do
      add(name, one)
    end
  end
  local kind
  if options.json ~= nil then
    content, kind = host.json_encode(options.json, false), "application/json"
  elseif options.form then
    content, kind = query(options.form), "application/x-www-form-urlencoded"
  elseif options.multipart then
    content, kind = multipart(options.multipart)
  end
  if kind and not has_type then
    add("content-type", kind)
  end
  local auth = options.auth
  if auth then
    local function text(value)
      return host.is_secret(value) and value:reveal() or value
    end
    if auth.bearer then
      add("authorization", host.make_secret("Bearer " .. text(auth.bearer)))
    else
      local pair = auth.user .. ":" .. text(auth.password or "")
      add("authorization", host.make_secret("Basic " .. crypto.base64(pair)))
    end
  end
  return headers, content
end

return body
