--- The types of script arguments: what their texts mean, or what is wrong with them.
local host = ...

local types = {}

--- Functions by type: each returns a value, or nil and what it must be.
local known = {}
types.known = known

function known.string(text)
  return text
end

function known.int(text)
  local number = text:find("^[+-]?%d+$") and math.tointeger(tonumber(text))
  return number, number == nil and "must be an integer" or nil
end

function known.number(text)
  -- Lua's tonumber also accepts blanks around a number, and hexadecimal digits.
  local number = text:find("^[%d.eE+-]+$") and tonumber(text) or nil
  if number == math.huge or number == -math.huge then
    number = nil
  end
  return number, number == nil and "must be a number" or nil
end

function known.duration(text)
  local length = host.time_duration(text)
  return length, length == nil and "must be a duration with a unit, such as 36h or 7d" or nil
end

function known.time(text)
  local ok, at = pcall(require("time").parse, text)
  if ok then
    return at
  end
  return nil, "must be a time such as 2026-03-01 or 2026-03-01T12:00:00Z"
end

function known.file(text)
  if text == "" or text ~= "-" and not host.fs_stat(text) then
    return nil, "must be an existing file"
  end
  return text
end

function known.pair(text)
  local key, value = text:match("^([^=]+)=(.*)$")
  return key and { [key] = value }, key == nil and "must be key=value" or nil
end

function known.json(text)
  local ok, value = pcall(host.json_decode, text)
  if ok then
    return value
  end
  return nil, "must be JSON"
end

--- Whether a text is digits, or digits on both sides of a point.
local function is_decimal(text)
  return text:find("^%d+$") ~= nil or text:find("^%d+%.%d+$") ~= nil
end

function known.size(text)
  if host.size_bytes(text) then
    return text
  end
  return nil, "must be a size with a unit, such as 8GiB"
end

function known.cpu(text)
  if text:find("^%d+m$") or is_decimal(text) then
    return text
  end
  return nil, "must be a number of CPUs such as 2 or 2000m"
end

function known.cron(text)
  local ok, at = pcall(require("time").next, text)
  if ok and at then
    return text
  end
  return nil, "must be five fields in UTC (\"0 3 * * *\"), \"@daily\" or \"@every 12h\""
end

function known.expiry(text)
  local length = host.time_duration(text)
  if length and length.total > 0 or not length and pcall(require("time").parse, text) then
    return text
  end
  return nil, "must be a duration such as 90d, or a time such as 2027-03-01"
end

function known.month(text)
  local month = tonumber(text:match("^%d%d%d%d%-(%d%d)$"))
  if text == "this month" or text == "last month" or month and month >= 1 and month <= 12 then
    return text
  end
  return nil, "must be a month such as 2026-10, \"this month\" or \"last month\""
end

--- An IPv4 address as a number; nil when it is malformed. A part with a leading zero is refused: some
--- programs read it as octal, others as decimal.
function types.address(text)
  local bits = 0
  local parts = { text:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$") }
  for _, part in ipairs(parts) do
    local number = #part <= 3 and math.tointeger(tonumber(part))
    if not number or number > 255 or #part > 1 and part:sub(1, 1) == "0" then
      return nil
    end
    bits = bits << 8 | number
  end
  return #parts == 4 and bits or nil
end

--- A block of IPv4 addresses with the bits after its length zero, as the API takes it: `10.0.0.0/8`.
--- An address alone is a block of one.
function known.block(text)
  local address, slash, length = text:match("^([%d.]+)(/?)(%d*)$")
  local bits = address and types.address(address)
  if slash == "" and length == "" then
    length = "32"
  end
  local count = length and length:find("^%d%d?$") and not length:find("^0%d") and tonumber(length)
  if not bits or not count or count > 32 then
    return nil, "must be a block of IPv4 addresses such as 203.0.113.0/24, without leading zeros"
  end
  bits = count == 0 and 0 or bits & (0xffffffff << 32 - count)
  return ("%d.%d.%d.%d/%d"):format(bits >> 24 & 255, bits >> 16 & 255, bits >> 8 & 255, bits & 255,
    count)
end

--- The value of an argument's text, or nil and what it must be.
function types.convert(argument, text)
  if type(argument.type) == "table" then
    for _, choice in ipairs(argument.type) do
      if choice == text then
        return text
      end
    end
    local near = host.nearest(text, argument.type)
    return nil, ("must be %s%s"):format(
      table.concat(argument.type, ", "):gsub(", ([^,]*)$", " or %1"),
      near and (" (did you mean %s?)"):format(near) or "")
  end
  local value, problem = known[argument.type](text)
  if not problem and argument.type == "duration" and value.total < 0 and not argument.negative then
    return nil, "must not be negative"
  end
  return value, problem
end

return types
