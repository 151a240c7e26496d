--- HTTP: requests over libcurl, with verified TLS, whose bodies can be read as they come.
local host = ...

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

local function wrap(fields)
  setmetatable(fields.headers, Headers)
  return setmetatable(fields, Response)
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
  local headers, body = host.part("http.body").prepare(options, http.query)
  if options.query and next(options.query) ~= nil then
    local address, fragment = url:match("^([^#]*)(#?.*)$")
    url = address .. (address:find("?", 1, true) and "&" or "?") .. http.query(options.query)
      .. fragment
  end
  local exchange = host.part("http.exchange")
  local response
  for _ = 0, options.redirects or 10 do
    response = exchange.send(verb, url, headers, body, options, wrap)
    local location = response.headers.location
    local status = response.status
    local is_redirect = status == 301 or status == 302 or status == 303 or status == 307
      or status == 308
    if not location or not is_redirect or options.redirects == 0 then
      break
    end
    local target = exchange.target(url, location)
    if host.http_origin(target) ~= host.http_origin(url) then
      if host.is_secret(body) and status >= 307 then
        error(("%s redirects to %s: the secret body is not sent to another origin"):format(url,
          host.url_masked(target)), 2)
      end
      headers = exchange.kept(headers)
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
