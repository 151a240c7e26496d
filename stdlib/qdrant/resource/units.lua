--- Quantities as people write them.
local time = require "time"

local units = {}

local BINARY = { [""] = 30, K = 10, M = 20, G = 30, T = 40, P = 50 }

--- Bytes of "8GiB", "8Gi", "8G" or "512MiB"; a bare number is GiB. All units are binary, as they
--- are in Qdrant Cloud.
---@usage units.bytes("8GiB")
---@param quantity string|number
---@param name? string what it is, for errors
---@return integer
function units.bytes(quantity, name)
  local text = tostring(quantity)
  local number, unit = text:match("^%s*(%d+%.?%d*)%s*([KMGTP]?)i?B?%s*$")
  local exponent = number and BINARY[unit]
  if not exponent then
    error(("%s must be a quantity such as \"8GiB\", got \"%s\""):format(name or "it", text), 3)
  end
  return math.floor(tonumber(number) * 2.0 ^ exponent + 0.5)
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
  return milli and math.tointeger(tonumber(milli)) or math.floor(tonumber(cores) * 1000 + 0.5)
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
