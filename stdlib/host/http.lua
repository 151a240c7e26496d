--- HTTP: requests over libcurl, with verified TLS, whose bodies can be read as they come.
local host = ...
local crypto = require "crypto"

local http = {}

---@class http.Options
---@field headers? table<string, string|userdata|string[]> values may be secrets
---@field query? table<string, any> query parameters of the URL; a list repeats its name
---@field body? string|userdata
---@field json? any sent as JSON
---@field form? table<string, any> sent as application/x-www-form-urlencoded
---@field multipart? (table<string, any>|http.Part[]) sent as multipart/form-data
---@field auth? { user: string, password: string|userdata }|{ bearer: string|userdata }
---@field timeout? number|string|userdata|boolean seconds for the whole exchange; 30 when not given, false for none
---@field retries? integer how often a request is retried; when not given 2 if it is safe to repeat, else 0
---@field redirects? integer how many are followed; 10 when not given
---@field proxy? string a proxy's URL, or "" for none
---@field ca_file? string a file of certificates to trust instead of the system's
---@field stream? boolean does not read the body; read it with chunks() or lines()
---@field limit? integer the maximum size of a body that is read whole, in bytes; 64 MiB when not given
---@field check? boolean raises an error for a status from 400 on

---@class http.Part
---@field name string
---@field content string
---@field filename? string
---@field type? string

local OPTIONS = "headers query body json form multipart auth timeout retries redirects proxy "
  .. "ca_file stream limit check"

-- Encoding ------------------------------------------------------------------------------------

--- Percent-encodes a value for the query of a URL or for a form (RFC 3986).
---@usage http.escape("a b/c")
---@param text any
---@return string
function http.escape(text)
  if host.is_secret(text) then
    error("a secret cannot be part of a URL or a form; use secret:reveal() to get its value", 2)
  end
  return (tostring(text):gsub("[^%w%-._~]", function(c)
    return ("%%%02X"):format(c:byte())
  end))
end

--- Undoes http.escape.
---@usage http.unescape("a%20b")
---@param text string
---@return string
function http.unescape(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

--- Encodes names and values as a query; lists repeat their name.
---@usage http.query { page = 2, q = "a b" }
---@param values table<string, any>
---@return string
function http.query(values)
  local parts = {}
  for _, key in ipairs(host.sorted_keys(values)) do
    local value = values[key]
    for _, one in ipairs(type(value) == "table" and value or { value }) do
      parts[#parts + 1] = http.escape(key) .. "=" .. http.escape(one)
    end
  end
  return table.concat(parts, "&")
end

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

-- Responses -----------------------------------------------------------------------------------

---@class http.Response
---@field status integer
---@field ok boolean whether the status is from 200 to 299
---@field headers table<string, string> case-insensitive; several of one name are joined
---@field body string what was received; not with `stream`
---@field url string where it came from, after redirects
local Response = { __name = "http response" }

local Headers = { __name = "http headers" }

function Headers.__index(self, name)
  return type(name) == "string" and rawget(self, name:lower()) or nil
end

function Response.__index(self, key)
  if key == "body" then
    local body = self:read()
    rawset(self, "body", body)
    return body
  end
  return Response[key]
end

function Response:__tostring()
  return ("http response %d of %s"):format(self.status, self.url)
end

function Response:__close()
  self:close()
end

function Response:__gc()
  self:close()
end

--- Ends the exchange and discards the rest of the body.
---@usage response:close()
function Response:close()
  if rawget(self, "_number") then
    host.http_close(self._number)
    self._number = nil
  end
end

--- Iterates over the pieces of the body as they come.
---@usage for chunk in response:chunks() do io.write(chunk) end
---@async
---@return fun(): string?
function Response:chunks()
  return function()
    local number = rawget(self, "_number")
    if not number then
      return nil
    end
    local piece = host.http_read(number)
    if piece == nil then
      self:close()
    end
    return piece
  end
end

--- Iterates over the lines of the body as they come.
---@usage for line in response:lines() do print(line) end
---@async
---@return fun(): string?
function Response:lines()
  local next_chunk = self:chunks()
  -- The piece that is being cut into lines, and the beginning of a line from the pieces before.
  local piece, position, begun, size = "", 1, {}, 0
  return function()
    while true do
      local stop = piece:find("\n", position, true)
      if stop then
        begun[#begun + 1] = piece:sub(position, stop - 1)
        local line = table.concat(begun)
        position, begun, size = stop + 1, {}, 0
        return (line:gsub("\r$", ""))
      end
      begun[#begun + 1] = piece:sub(position)
      size = size + #begun[#begun]
      if size > self._limit then
        self:close()
        error(("%s: a line is longer than %d bytes (option limit)"):format(self.url, self._limit),
          2)
      end
      piece, position = next_chunk(), 1
      if piece == nil then
        local line = table.concat(begun)
        piece, begun, size = "", {}, 0
        return line ~= "" and line or nil
      end
    end
  end
end

--- The rest of the body.
---@usage response:read()
---@async
---@return string
function Response:read()
  local pieces, size = {}, 0
  for piece in self:chunks() do
    size = size + #piece
    if size > self._limit then
      self:close()
      error(("%s: the body is larger than %d bytes (option limit)"):format(self.url, self._limit),
        2)
    end
    pieces[#pieces + 1] = piece
  end
  return table.concat(pieces)
end

--- The body as JSON.
---@usage http.get(url):json()
---@async
function Response:json()
  local ok, value = pcall(host.json_decode, self.body)
  if not ok then
    error(("%s answered %d with no JSON: %s"):format(self.url, self.status, value), 2)
  end
  return value
end

--- The response itself, or an error for a status from 400 on.
---@usage http.get(url):check():json()
---@async
---@return http.Response
function Response:check()
  if self.status < 400 then
    return self
  end
  error(host.error {
    code = "HTTP_" .. self.status, http_status = self.status, body = self.body,
    message = ("%s answered %d"):format(self.url, self.status),
  }, 2)
end

-- Requests ------------------------------------------------------------------------------------

local function prepare(options)
  local headers, body = {}, options.body
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
    body, kind = host.json_encode(options.json, false), "application/json"
  elseif options.form then
    body, kind = http.query(options.form), "application/x-www-form-urlencoded"
  elseif options.multipart then
    body, kind = multipart(options.multipart)
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
  return headers, body
end

-- The headers that go along when a redirect leads to another origin: whatever else a header is called, it may
-- be a credential (x-api-key, proxy-authorization, a header of the user's own).
local harmless = {
  accept = true, ["accept-language"] = true, ["accept-encoding"] = true, ["content-type"] = true,
  ["content-language"] = true, ["user-agent"] = true, range = true, ["cache-control"] = true,
  ["if-match"] = true, ["if-none-match"] = true, ["if-modified-since"] = true,
  ["if-unmodified-since"] = true, ["if-range"] = true,
}

--- Where a redirect leads to (RFC 3986, section 5.2, as far as servers use it).
local function resolve(base, location)
  if location:find("^%a[%w+.-]*://") then
    return location
  end
  local scheme, authority, path = base:match("^(%a+:)//([^/?#]*)([^?#]*)")
  if location:sub(1, 2) == "//" then
    return scheme .. location
  elseif location:sub(1, 1) == "/" then
    return scheme .. "//" .. authority .. location
  elseif location:sub(1, 1) == "?" then
    return scheme .. "//" .. authority .. path .. location
  end
  return scheme .. "//" .. authority .. (path:match("^.*/") or "/") .. location
end

local function is_transient(status)
  return status == 429 or status == 502 or status == 503 or status == 504
end

local safe_to_repeat = { GET = true, HEAD = true, OPTIONS = true, PUT = true, DELETE = true }

--- Sends once and wraps the answer.
local function send(verb, url, headers, body, options)
  local timeout = options.timeout
  if timeout == nil then
    timeout = 30
  end
  local number, status, received = host.http_open(verb, url, headers, body, {
    timeout = timeout or nil, proxy = options.proxy, ca_file = options.ca_file,
  })
  local fields = {}
  for _, pair in ipairs(received) do
    local name, value = pair[1], pair[2]
    fields[name] = fields[name] and fields[name] .. ", " .. value or value
  end
  return setmetatable({
    status = status, ok = status >= 200 and status <= 299, url = url, _number = number,
    headers = setmetatable(fields, Headers), _limit = options.limit or 64 << 20,
  }, Response)
end

--- The longest that a server may ask to wait before a request is sent again, in seconds.
local LONGEST = 60

--- How many seconds a server asks to wait (`retry-after`: seconds, or a date); 0 when it asks for none.
local function asked_pause(headers)
  local text = headers["retry-after"]
  return text and host.http_pause(text, headers.date or "", host.now().seconds) or 0
end

--- Sends, and again when the request may be repeated and the trouble may pass.
local function send_patiently(verb, url, headers, body, options)
  local attempts = (options.retries or (safe_to_repeat[verb] and 2 or 0)) + 1
  for attempt = 1, attempts do
    local ok, response = pcall(send, verb, url, headers, body, options)
    local is_last = attempt == attempts
    if ok and (is_last or not is_transient(response.status)) then
      return response
    elseif not ok and (is_last or type(response) ~= "table" or response.code ~= "UNAVAILABLE") then
      error(response, 0)
    end
    local pause = 0.2 * 2 ^ (attempt - 1)
    if ok then
      local asked = asked_pause(response.headers)
      if asked > LONGEST then
        return response
      end
      pause = math.max(pause, asked)
      response:close()
    end
    host.sleep(pause)
  end
end

--- Makes a request.
---@usage pcall(http.request, "GET", "http://127.0.0.1:1/", { retries = 0 })
---@async
---@param verb string
---@param url string
---@param options? http.Options
---@return http.Response
function http.request(verb, url, options)
  options = host.options(options, "http", OPTIONS)
  verb = verb:upper()
  local headers, body = prepare(options)
  if options.query and next(options.query) ~= nil then
    local address, fragment = url:match("^([^#]*)(#?.*)$")
    url = address .. (address:find("?", 1, true) and "&" or "?") .. http.query(options.query)
      .. fragment
  end
  local response
  for _ = 0, options.redirects or 10 do
    response = send_patiently(verb, url, headers, body, options)
    local location = response.headers.location
    local status = response.status
    local is_redirect = status == 301 or status == 302 or status == 303 or status == 307
      or status == 308
    if not location or not is_redirect or options.redirects == 0 then
      break
    end
    local target = resolve(url, location)
    if host.http_origin(target) ~= host.http_origin(url) then
      if host.is_secret(body) and status >= 307 then
        error(("%s redirects to %s: the secret body is not sent to another origin"):format(url,
          host.url_masked(target)), 2)
      end
      local kept = {}
      for _, pair in ipairs(headers) do
        if harmless[pair[1]:lower()] and not host.is_secret(pair[2]) then
          kept[#kept + 1] = pair
        end
      end
      headers = kept
    end
    if status == 303 or (status < 303 and verb == "POST") then
      verb, body = "GET", nil
    end
    response:close()
    url = target
  end
  if not options.stream then
    response.body = response:read()
  end
  if options.check then
    response:check()
  end
  return response
end

--- Fetches a resource.
---@usage pcall(http.get, "http://127.0.0.1:1/", { retries = 0 })
---@async
---@param url string
---@param options? http.Options
---@return http.Response
function http.get(url, options)
  return http.request("get", url, options)
end

--- Asks for the headers of a resource only.
---@usage pcall(http.head, "http://127.0.0.1:1/", { retries = 0 })
---@async
---@param url string
---@param options? http.Options
---@return http.Response
function http.head(url, options)
  return http.request("head", url, options)
end

--- Sends a POST request with options.json, options.form, options.multipart or options.body.
---@usage pcall(http.post, "http://127.0.0.1:1/", { retries = 0 })
---@async
---@param url string
---@param options? http.Options
---@return http.Response
function http.post(url, options)
  return http.request("post", url, options)
end

--- Puts something in the place of a resource.
---@usage pcall(http.put, "http://127.0.0.1:1/", { retries = 0 })
---@async
---@param url string
---@param options? http.Options
---@return http.Response
function http.put(url, options)
  return http.request("put", url, options)
end

--- Changes a part of a resource.
---@usage pcall(http.patch, "http://127.0.0.1:1/", { retries = 0 })
---@async
---@param url string
---@param options? http.Options
---@return http.Response
function http.patch(url, options)
  return http.request("patch", url, options)
end

--- Deletes a resource.
---@usage pcall(http.delete, "http://127.0.0.1:1/", { retries = 0 })
---@async
---@param url string
---@param options? http.Options
---@return http.Response
function http.delete(url, options)
  return http.request("delete", url, options)
end

return http
