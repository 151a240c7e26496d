--- Shows a result again and again, in one place.
local host = ...

--- The shortest pause in seconds: others may use the service, too.
local LEAST = 0.1

return function(seconds, fn, times)
  if type(fn) ~= "function" then
    error("shell.watch needs a function, got a " .. type(fn), 3)
  end
  seconds = type(seconds) == "number" and seconds or require("time").duration(seconds).total
  if seconds ~= seconds or seconds < LEAST then
    error(("shell.watch: the interval must be at least %s s"):format(LEAST), 3)
  end
  host.shell_live()
  local closing <close> = setmetatable({}, {
    __close = function() host.shell_live_end() end,
  })
  local every, round = require("time").human(seconds), 0
  while not times or round < times do
    round = round + 1
    local results = table.pack(fn())
    local texts = {}
    for i = 1, results.n do
      texts[i] = host.shell_text(results[i])
    end
    host.shell_live_show(table.concat(texts),
      ("every %s, round %d; Ctrl-C ends it"):format(every, round))
    if not times or round < times then
      host.sleep(seconds)
    end
  end
  local _ = closing
end
