--- Hashes, HMAC, random values, hexadecimal and Base64.
local host = ...

local crypto = {}

--- A hash, in hexadecimal. `crypto.sha256(text)` and `crypto.hmac("sha256", key, text)`.
---@usage crypto.hex(crypto.hash("sha256", "text"))
---@param name "sha256"|"sha512"|"sha1"|"md5"|string
---@param text string|userdata
---@return string
function crypto.hash(name, text)
  return crypto.hex(host.crypto_digest(name, text))
end

--- The SHA-256 of a text, in hexadecimal.
---@usage crypto.sha256("text")
---@param text string|userdata
---@return string
function crypto.sha256(text)
  return crypto.hash("sha256", text)
end

--- The SHA-512 of a text, in hexadecimal.
---@usage crypto.sha512("text")
---@param text string|userdata
---@return string
function crypto.sha512(text)
  return crypto.hash("sha512", text)
end

--- A keyed hash (RFC 2104), in hexadecimal.
---@usage crypto.hex(crypto.hmac("sha256", "key", "text"))
---@param name string the hash
---@param key string|userdata
---@param text string|userdata
---@return string
function crypto.hmac(name, key, text)
  if key == nil then
    error("crypto.hmac needs a key", 2)
  end
  return crypto.hex(host.crypto_digest(name, text, key))
end

--- Compares two strings or secrets for equality, in constant time.
---@usage crypto.equal("a", "a")
---@param a string|userdata
---@param b string|userdata
---@return boolean
function crypto.equal(a, b)
  return host.make_secret(a) == host.make_secret(b)
end

--- Random bytes of the operating system.
---@usage #crypto.random(16)
---@param count integer
---@return string
function crypto.random(count)
  return host.crypto_random(count)
end

--- A random UUID (RFC 9562, version 4).
---@usage crypto.uuid()
---@return string
function crypto.uuid()
  local bytes = { host.crypto_random(16):byte(1, 16) }
  bytes[7] = bytes[7] & 0x0f | 0x40
  bytes[9] = bytes[9] & 0x3f | 0x80
  return ("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x"):format(
    table.unpack(bytes))
end

--- Bytes as hexadecimal digits.
---@usage crypto.hex("abc")
---@param text string
---@return string
function crypto.hex(text)
  return (text:gsub(".", function(c)
    return ("%02x"):format(c:byte())
  end))
end

--- The bytes of hexadecimal digits.
---@usage crypto.unhex("616263")
---@param text string
---@return string
function crypto.unhex(text)
  if #text % 2 ~= 0 or text:find("%X") then
    error("crypto.unhex needs pairs of hexadecimal digits", 2)
  end
  return (text:gsub("%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end))
end

local standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local url_safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

--- Base64 (RFC 4648).
---@usage crypto.base64("abc")
---@param text string
---@param options? { url?: boolean, padding?: boolean } url: use the URL-safe alphabet; padding: true when not given
---@return string
function crypto.base64(text, options)
  options = host.options(options, "crypto.base64", "url padding")
  local alphabet = options.url and url_safe or standard
  local pads = options.padding ~= false
  return (text:gsub("..?.?", function(group)
    local a, b, c = group:byte(1, 3)
    local bits = a << 16 | (b or 0) << 8 | (c or 0)
    local out = ""
    for i = 3, 3 - #group, -1 do
      local index = (bits >> 6 * i & 63) + 1
      out = out .. alphabet:sub(index, index)
    end
    return out .. (pads and ("="):rep(3 - #group) or "")
  end))
end

local values = {}
for i = 1, 64 do
  values[standard:byte(i)] = i - 1
  values[url_safe:byte(i)] = i - 1
end

--- Decodes Base64; accepts both alphabets, with or without padding.
---@usage crypto.unbase64("YWJj")
---@param text string
---@return string
function crypto.unbase64(text)
  local clean = text:gsub("%s", ""):gsub("=+$", "")
  if #clean % 4 == 1 then
    error("crypto.unbase64: the text is cut off", 2)
  end
  local out = {}
  for group in clean:gmatch("..?.?.?") do
    local bits = 0
    for i = 1, 4 do
      local byte = group:byte(i)
      local value = byte and values[byte] or 0
      if byte and not values[byte] then
        error(("crypto.unbase64: %q is not a Base64 character"):format(string.char(byte)), 2)
      end
      bits = bits << 6 | value
    end
    out[#out + 1] = string.char(bits >> 16, bits >> 8 & 255, bits & 255):sub(1, #group - 1)
  end
  return table.concat(out)
end

return crypto
