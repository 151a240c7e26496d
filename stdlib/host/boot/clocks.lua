--- Clocks and random numbers of a run that is recorded or repeated.
local host, settings = ...

if not settings.is_recorded then
  return
end

local time, date, seed = os.time, os.date, math.randomseed
function os.time(fields)
  return fields and time(fields) or host.os_time()
end
function os.date(format, at)
  return date(format, at or host.os_time())
end
function os.clock()
  return host.os_clock()
end
function math.randomseed(...)
  if select("#", ...) > 0 then
    return seed(...)
  end
  return seed(host.random_seed())
end
math.randomseed()
