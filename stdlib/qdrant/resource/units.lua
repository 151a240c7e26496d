--- Quantities as people write them.
local host = ...

local time = require "time"

local units = {}

--- What a quantity is at most: numbers in between are exact.
local LIMIT = 2 ^ 53

--- Bytes of "8GiB", "8Gi", "8G" or "512MiB"; a number is in GiB. All units are binary, as they are in
--- Qdrant Cloud.
---@usage units.bytes("8GiB")
---@param quantity string|number
---@param name? string what it is, for errors
---@return integer
function units.bytes(quantity, name)
  local bytes
  if type(quantity) == "number" then
    local amount = quantity * 2 ^ 30
    bytes = amount >= 0 and amount < LIMIT and math.floor(amount + 0.5) or nil
  else
    bytes = host.size_bytes(tostring(quantity))
  end
  if not bytes then
    error(("%s must be a quantity such as \"8GiB\", got \"%s\""):format(name or "it",
      tostring(quantity)), 3)
  end
  return bytes
end

--- Whole GiB of a quantity; a fraction counts up.
---@usage units.gib("50GiB")
---@param quantity string|number
---@param name? string
---@return integer
function units.gib(quantity, name)
  local bytes = units.bytes(quantity, name)
  return (bytes + 2 ^ 30 - 1) // 2 ^ 30 | 0
end

--- Millicores of "2000m", "2" or 0.5.
---@usage units.millicores("2000m")
---@param quantity string|number
---@param name? string
---@return integer
function units.millicores(quantity, name)
  local text = tostring(quantity)
  local milli = text:match("^%s*(%d+)m%s*$")
  local cores = text:match("^%s*(%d+%.?%d*)%s*$")
  if not milli and not cores then
    error(("%s must be a quantity such as \"2000m\" or 2, got \"%s\""):format(name or "it", text),
      3)
  end
  local amount = milli and tonumber(milli) or tonumber(cores) * 1000 + 0.5
  if amount >= LIMIT then
    error(("%s is too large: \"%s\""):format(name or "it", text), 3)
  end
  return math.floor(amount)
end

--- Millicents as an amount: "0.0342 USD".
---@usage units.price(3420, "USD")
---@param millicents integer
---@param currency? string
---@param digits? integer decimal places; default: 4
---@return string
function units.price(millicents, currency, digits)
  return ("%%.%df %%s"):format(digits or 4):format(millicents / 100000, currency or "USD")
end

--- A length of time that is to be positive: "36h", "7d". One without a unit is refused.
---@usage units.length("30d", "older_than")
---@param length string|number|userdata a number is in seconds
---@param name string what it is, for errors
---@return userdata
function units.length(length, name)
  local ok, parsed = pcall(time.duration, length)
  if not ok then
    host.blame(("%s must be a duration such as \"36h\" or \"7d\", got \"%s\""):format(name,
      tostring(length)))
  elseif parsed.total < 0 then
    host.blame(("%s must not be negative, got \"%s\""):format(name, tostring(length)))
  end
  return parsed
end

--- A moment as people write it: a time, a date, an RFC 3339 string, or a length before now ("3h").
---@usage units.moment("3h", "since", -1)
---@param value any nil stays nil
---@param name string what it is, for errors
---@param direction integer 1: lengths count from now on; -1: back from now
---@return userdata?
function units.moment(value, name, direction)
  if value == nil or type(value) == "userdata" and value ~= host.null and not value.total then
    return value
  elseif type(value) == "string" and value:find("^%d%d%d%d%-") then
    local ok, moment = pcall(time.parse, value)
    if ok then
      return moment
    end
  elseif type(value) == "string" or type(value) == "userdata" and value ~= host.null then
    local length = units.length(value, name)
    return direction < 0 and host.now() - length or host.now() + length
  end
  host.blame(("%s must be a time such as 2026-03-01T12:00:00Z or a duration such as \"3h\", got %s")
    :format(name, type(value) == "string" and ("\"%s\""):format(value) or tostring(value)))
end

--- Checks a backup schedule and returns it; fails when it is invalid.
---@usage units.cron("0 3 * * *")
---@param expression string in UTC
---@return string
function units.cron(expression)
  local ok, next_time = pcall(time.next, expression)
  if not ok or not next_time then
    error(("invalid schedule \"%s\": expected five fields in UTC (\"0 3 * * *\"), \"@daily\" or "
      .. "\"@every 12h\""):format(tostring(expression)), 3)
  end
  return expression
end

--- Hours in a month, as Qdrant Cloud counts them.
units.HOURS_A_MONTH = 730

return units
