--- Tasks that run in the background.
local host = ...

local jobs = {}

local all, last = {}, 0

local function label(text)
  text = text:gsub("%s+", " ")
  return #text > 60 and text:sub(1, 57) .. "…" or text
end

local function count_running()
  local count = 0
  for _, job in pairs(all) do
    if job.handle.status == "running" then
      count = count + 1
    end
  end
  host.shell_jobs(count)
end

--- Reports the end of a task above the prompt.
local function report(job)
  local handle = job.handle
  -- What the task wrote stands before what is said of its end.
  io.stdout:flush()
  local took = require("time").human(host.monotonic() - job.began)
  if handle.status == "failed" then
    io.stderr:write(("[%d] failed after %s: %s\n"):format(job.number, took,
      require("term").safe(tostring(handle._problem))))
  else
    io.stderr:write(("[%d] %s after %s: %s\n"):format(job.number, handle.status, took, job.text))
    local results = handle._results
    if handle.status == "done" and results and results[2] ~= nil then
      io.stdout:write(host.shell_text(results[2]))
    end
  end
  all[job.number] = nil
  count_running()
end

--- Notes a task that an entry has started and that may outlive it.
function host.left_running(handle, text)
  last = last + 1
  local job = {
    number = last, handle = handle, text = label(text or host.entry_text or "task"),
    began = host.monotonic(), entry = host.shell_entry(),
  }
  all[last] = job
  handle._on_end = function()
    -- A task that ends with its entry is none of those that were left running.
    if job.was_told or host.shell_entry() ~= job.entry then
      report(job)
    else
      all[job.number] = nil
      count_running()
    end
  end
  if handle.status ~= "running" then
    -- It has ended already: its failure is all that there is to tell.
    all[last] = nil
    if handle.status == "failed" then
      report(job)
    end
  end
  count_running()
  return job
end

--- Starts a function in the background.
function jobs.start(fn, text)
  local handle = require("task").spawn(fn)
  for _, job in pairs(all) do
    if job.handle == handle then
      job.was_told = true
      job.text = label(text or "function")
    end
  end
  return handle
end

function jobs.find(number)
  local job = all[number]
  if not job then
    error("job " .. tostring(number) .. " not found", 0)
  end
  return job.handle
end

--- The tasks that run, as rows.
function jobs.list()
  local rows = {}
  for number, job in pairs(all) do
    rows[#rows + 1] = {
      number = number, status = job.handle.status, text = job.text,
      seconds = math.floor((host.monotonic() - job.began) * 10) / 10,
    }
  end
  table.sort(rows, function(a, b)
    return a.number < b.number
  end)
  return rows
end

return jobs
