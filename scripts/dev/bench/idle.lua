-- How much memory tasks take that only wait: idle.lua TASKS.
local tasks = tonumber(arg[1]) or 10000

local function resident()
  for line in io.lines("/proc/self/status") do
    local kilobytes = line:match("^VmRSS:%s+(%d+)")
    if kilobytes then
      return tonumber(kilobytes) * 1024
    end
  end
end

local before = resident()
task.scope(function(scope)
  for _ = 1, tasks do
    scope:spawn(task.sleep, 0.5)
  end
  task.sleep(0.2)
  print(string.format('{"mode":"idle","tasks":%d,"bytes":%d}', tasks, resident() - before))
end)
