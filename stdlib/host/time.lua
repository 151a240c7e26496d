--- Times and durations: the clock, parsing, formatting, arithmetic, calendars, zones and schedules.
---
--- Times and durations are exact to the nanosecond; they compare, add and subtract:
--- `time.now() + "36h"` is a time, `time.now() - started` a duration. Times are of the years 1 to 9999.
local host = ...

local time = {}

--- The present time.
---@usage time.now()
---@return userdata
function time.now()
  return host.now()
end

--- Seconds of a clock that never goes back, for measuring.
---@usage time.clock()
---@return number
function time.clock()
  return host.monotonic()
end

--- Parses a time: an RFC 3339 string, a date, or a number of seconds since 1970.
---@usage time.parse("2026-01-31T12:00:00Z")
---@param value string|number|userdata
---@return userdata
function time.parse(value)
  if type(value) == "number" then
    return host.time_at(value)
  elseif type(value) == "userdata" then
    return value
  end
  local text = tostring(value)
  if text:find("^%d%d%d%d%-%d%d%-%d%d$") then
    text = text .. "T00:00:00Z"
  end
  local parsed = host.time_parse(text:gsub("^(%S+) (%S+)$", "%1T%2"))
  if not parsed then
    error(("invalid time \"%s\"; expected a time such as 2026-03-01T12:00:00Z"):format(value), 2)
  end
  return parsed
end

--- Parses a duration: a string such as "36h", "7d" or "1h30m", or a number of seconds.
---@usage time.duration("36h")
---@param value string|number|userdata
---@return userdata
function time.duration(value)
  local parsed = host.time_duration(value)
  if not parsed then
    error(("invalid duration \"%s\"; expected a duration such as 36h, 7d or 3.5s"):format(
      tostring(value)), 2)
  end
  return parsed
end

--- Calendar fields: year, month, day, hour, minute, second, nanos, weekday (1 is Monday),
--- day_of_year, offset (seconds east of UTC), is_dst, zone.
---@usage time.fields(time.now(), "Europe/Berlin").hour
---@param at userdata
---@param zone? string like "Europe/Berlin"; "UTC" when not given, "local" for the machine's
---@return table
function time.fields(at, zone)
  return host.time_fields(at, zone)
end

--- Builds a time from calendar fields. Values out of range carry over: day = 0 is the last day of the
--- previous month. Where a clock is set back and shows an hour twice, `offset` says which one is meant.
---@usage time.of({ year = 2026, month = 1, day = 31 }, "UTC")
---@param fields table year, month, day, hour, minute, second, nanos, offset
---@param zone? string
---@return userdata
function time.of(fields, zone)
  return host.time_of(fields, zone)
end

--- Formats a time as strftime(3) does.
---@usage time.format(time.now(), "%Y-%m-%d")
---@param at userdata
---@param format? string `%Y-%m-%d %H:%M:%S` when not given
---@param zone? string
---@return string
function time.format(at, format, zone)
  return host.time_format(at, format or "%04Y-%m-%d %H:%M:%S", zone)
end

--- Adds months: the same day of a later month, or its last day when that month is shorter.
---@usage time.add_months(time.parse("2026-01-31T00:00:00Z"), 1)
---@param at userdata
---@param months integer
---@param zone? string
---@return userdata
function time.add_months(at, months, zone)
  local fields = time.fields(at, zone)
  fields.month = fields.month + months
  local last = time.fields(time.of({ year = fields.year, month = fields.month + 1, day = 0 }, zone),
    zone).day
  fields.day = math.min(fields.day, last)
  return time.of(fields, zone)
end

--- The beginning of a calendar unit.
---@usage time.start_of(time.now(), "month")
---@param at userdata
---@param unit "year"|"month"|"week"|"day"|"hour"|"minute"
---@param zone? string
---@return userdata
function time.start_of(at, unit, zone)
  local f = time.fields(at, zone)
  if unit == "year" then
    return time.of({ year = f.year }, zone)
  elseif unit == "month" then
    return time.of({ year = f.year, month = f.month }, zone)
  elseif unit == "week" then
    return time.of({ year = f.year, month = f.month, day = f.day - f.weekday + 1 }, zone)
  elseif unit == "day" then
    return time.of({ year = f.year, month = f.month, day = f.day }, zone)
  elseif unit == "hour" then
    return at - (f.minute * 60 + f.second) - f.nanos / 1e9
  elseif unit == "minute" then
    return at - f.second - f.nanos / 1e9
  end
  error(("\"%s\" is not a calendar unit; expected year, month, week, day, hour or minute"):format(
    tostring(unit)), 2)
end

--- When a schedule in the cloud's cron (UTC) fires next; nil when it never does.
---@usage time.next("0 3 * * *")
---@param expression string like "0 3 * * *", "@daily" or "@every 12h"
---@param after? userdata the present time when not given
---@return userdata?
function time.next(expression, after)
  return host.time_next(expression, after or host.now())
end

local units = { { 86400, "d" }, { 3600, "h" }, { 60, "m" }, { 1, "s" } }

--- A duration in readable form: "3d 4h", "12m", "0.4s".
---@usage time.human(7500)
---@param length userdata|number
---@return string
function time.human(length)
  local seconds = type(length) == "number" and length or length.total
  local sign = ""
  if seconds < 0 then
    sign, seconds = "-", -seconds
  end
  if seconds < 10 then
    return ("%s%gs"):format(sign, math.floor(seconds * 10 + 0.5) / 10)
  end
  seconds = math.floor(seconds)
  for i, unit in ipairs(units) do
    if seconds >= unit[1] then
      local text = sign .. seconds // unit[1] .. unit[2]
      local smaller = units[i + 1]
      local rest = smaller and seconds % unit[1] // smaller[1] or 0
      return rest > 0 and ("%s %d%s"):format(text, rest, smaller[2]) or text
    end
  end
end

--- How long ago a time was, or how soon it is: "3d 4h ago", "in 12m".
---@usage time.ago(time.now() - 90)
---@param at userdata
---@param now? userdata
---@return string
function time.ago(at, now)
  local length = (now or host.now()) - at
  if length.total < 0 then
    return "in " .. time.human(-length)
  end
  return time.human(length) .. " ago"
end

return time
