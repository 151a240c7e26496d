--- Exchanges: a request is sent, sent again after failures that may pass, and redirected.
local host = ...

local exchange = {}

-- Retries -------------------------------------------------------------------------------------

local function is_transient(status)
  return status == 429 or status == 502 or status == 503 or status == 504
end

local safe_to_repeat = { GET = true, HEAD = true, OPTIONS = true, PUT = true, DELETE = true }

--- Sends a request once.
local function send(verb, url, headers, body, options, wrap)
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
  return wrap {
    status = status, ok = status >= 200 and status <= 299, url = url, _number = number,
    headers = fields, _limit = options.limit or 64 << 20,
  }
end

--- The longest that a server may ask to wait before a request is sent again, in seconds.
local LONGEST = 60

--- How many seconds a server asks to wait (`retry-after`: seconds, or a date); 0 when it asks for none.
local function asked_pause(headers)
  local text = headers["retry-after"]
  return text and host.http_pause(text, headers.date or "", host.now().seconds) or 0
end

--- Sends a request, and again when it may be repeated and the failure may pass.
---@param verb string
---@param url string
---@param headers table pairs of names and values
---@param body string|userdata|nil
---@param options http.Options
---@param wrap fun(fields: table): http.Response
---@return http.Response
function exchange.send(verb, url, headers, body, options, wrap)
  local attempts = (options.retries or (safe_to_repeat[verb] and 2 or 0)) + 1
  for attempt = 1, attempts do
    local ok, response = pcall(send, verb, url, headers, body, options, wrap)
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

-- Redirects -----------------------------------------------------------------------------------

-- The headers that are also sent to another origin. Any other may be a credential: x-api-key,
-- proxy-authorization, a header of the user's own.
local harmless = {
  accept = true, ["accept-language"] = true, ["accept-encoding"] = true, ["content-type"] = true,
  ["content-language"] = true, ["user-agent"] = true, range = true, ["cache-control"] = true,
  ["if-match"] = true, ["if-none-match"] = true, ["if-modified-since"] = true,
  ["if-unmodified-since"] = true, ["if-range"] = true,
}

--- The URL that a redirect leads to (RFC 3986, section 5.2, as far as servers use it).
---@param base string
---@param location string
---@return string
function exchange.target(base, location)
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

--- The headers that a request keeps when a redirect leads to another origin.
---@param headers table pairs of names and values
---@return table
function exchange.kept(headers)
  local kept = {}
  for _, pair in ipairs(headers) do
    if harmless[pair[1]:lower()] and not host.is_secret(pair[2]) then
      kept[#kept + 1] = pair
    end
  end
  return kept
end

return exchange
