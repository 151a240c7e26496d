--- The interactive shell from within: what its commands (`.format json`, `.watch 5s …`) do, as
--- functions. Scripts have no shell: there every function of this module raises an error.
local host = ...

---@class shell.Place
---@field context? string
---@field account? string the beginning of its id
---@field jobs integer how many tasks were left running
---@field read_only boolean

---@class shell
---@field prompt? fun(place: shell.Place): string makes the prompt; the usual one when there is none
local shell = {}

if not host.shell_option then
  return setmetatable(shell, {
    __index = function(_, name)
      error(("shell.%s is for the interactive shell; this is a script"):format(tostring(name)), 2)
    end,
  })
end

local session = host.part("shell.session")
local jobs = host.part("shell.jobs")

-- How results are shown -----------------------------------------------------------------------

--- How results are shown; without a name tells how.
---@usage shell.format("json")
---@param name? "table"|"wide"|"tree"|"json"|"jsonl"|"yaml"|"lua"|"csv"
---@return string
function shell.format(name)
  return host.shell_option("format", name)
end

--- Tells after each entry how long it took and what it called, or does not.
---@usage shell.timing(true)
---@param on? boolean
---@return boolean
function shell.timing(on)
  return host.shell_option("timing", on)
end

--- Tells of each call as it ends, or does not.
---@usage shell.trace(false)
---@param on? boolean
---@return boolean
function shell.trace(on)
  return host.shell_option("trace", on)
end

--- Shows long results page by page, or does not.
---@usage shell.pager(false)
---@param on? boolean
---@return boolean
function shell.pager(on)
  return host.shell_option("pager", on)
end

--- Shows times as ages (`3d4h`), or as they are.
---@usage shell.ages(true)
---@param on? boolean
---@return boolean
function shell.ages(on)
  return host.shell_option("ages", on)
end

--- A value as the shell would show it.
---@usage shell.text({ name = "a" }, "json")
---@param value any
---@param format? string the shell's own when not given
---@return string
function shell.text(value, format)
  return host.shell_text(value, format)
end

-- Where one is --------------------------------------------------------------------------------

--- Goes to a context of the configuration; without a name lists them.
---@usage shell.context()
---@async
---@param name? string
function shell.context(name)
  return session.context(name)
end

--- Goes elsewhere: options as for `qdrant.connect`.
---@usage shell.connect { account = qdrant.session.account_id }
---@async
---@param options { context?: string, account?: string, endpoint?: string, transport?: string }
function shell.connect(options)
  return session.connect(options)
end

--- Goes to another account, by name or id; without one lists those that one sees.
---@usage shell.account()
---@async
---@param name? string
function shell.account(name)
  return session.account(name)
end

--- Starts a local cloud and goes there.
---@usage shell.sandbox()
---@async
---@param options? table as for `sandbox.start`
function shell.sandbox(options)
  return session.sandbox(options)
end

-- Tasks ---------------------------------------------------------------------------------------

--- The tasks that were left running. `shell.jobs(2)` is one of them.
---@usage shell.jobs()
---@param number? integer
function shell.jobs(number)
  return number and jobs.find(number) or jobs.list()
end

--- Cancels a task that was left running.
---@usage shell.cancel(shell.jobs()[1].number)
---@param number integer
function shell.cancel(number)
  jobs.find(number):cancel()
end

--- Runs a function beside the prompt. Its result is told above the prompt.
---@usage shell.background(function() return 1 end)
---@param fn function
---@param text? string what it is called in the list of jobs
---@return task.Handle
function shell.background(fn, text)
  return jobs.start(fn, text)
end

--- Calls a function again and again and shows what it returns in the place of what it showed
--- before; what has changed is marked. Ctrl-C ends it.
---@usage shell.watch(0.1, function() return time.now() end, 2)
---@async
---@param seconds number|string|userdata
---@param fn function
---@param times? integer how often; for ever when not given
function shell.watch(seconds, fn, times)
  return host.part("shell.watch")(seconds, fn, times)
end

-- Entries -------------------------------------------------------------------------------------

--- What was entered, the newest last.
---@usage shell.history("cluster", 5)
---@param words? string only entries that have this text
---@param count? integer at most so many; 20 when not given
function shell.history(words, count)
  return host.part("shell.history").list(words, count)
end

--- Deletes entries from the history: by their number, or all that have a text. Returns how many.
---@usage shell.forget("no such entry")
---@param what integer|string
---@return integer
function shell.forget(what)
  return host.part("shell.history").forget(what)
end

--- Writes this session's entries that worked to a file, as a script.
---@usage shell.save("/tmp/session-" .. crypto.uuid() .. ".lua")
---@param path string
function shell.save(path)
  return host.part("shell.history").save(path)
end

--- Runs a file as if it had been entered: what it makes local at its top stays.
---@usage fs.write("/tmp/qcsh-load.lua", "print(6 * 7)") shell.load("/tmp/qcsh-load.lua")
---@async
---@param path string
function shell.load(path)
  return host.part("shell.history").load(path)
end

--- Opens an editor: on a text, on the last entry, or on a request for a method. What comes back
--- stands at the prompt.
---@usage shell.edit(qdrant.api.cluster.create_cluster)
---@async
---@param what? string|table
function shell.edit(what)
  local text = what
  if type(what) == "table" then
    text = host.shell_template(tostring(what.name or "")) or ""
  elseif what == nil then
    text = host.part("shell.history").last() or ""
  end
  -- What a template offers and nobody took.
  text = ("\n" .. host.shell_edit(text)):gsub("\n%s*%-%- [%w_]+ = [^\n]*", "")
  host.shell_prefill((text:gsub("^\n", "")))
end

--- What a folder of modules is, by how it is called.
local function place_of(folder)
  if folder:find("lua_modules/share/lua/5.4$") then
    return folder:sub(1, 2) == "./" and "the project's libraries" or "your libraries"
  elseif folder:find("^/usr/") then
    return "the system's"
  elseif folder:find("/qcsh/lua$") then
    return "your modules"
  end
  return "the project's modules"
end

--- Where `require` looks, one place a line, in this order; and files that are never loaded because
--- their names are those of what is built in.
---@usage shell.path()
---@return string
function shell.path()
  local fs = require "fs"
  local rows, seen, hidden = { "built in: qdrant, qdrant.*, " .. table.concat(host.modules, ", ") },
    {}, {}
  for pattern in package.path:gmatch("[^;]+") do
    local folder = pattern:match("^(.*)/%?")
    if folder and not seen[folder] then
      seen[folder] = true
      local is_there = fs.exists(folder)
      rows[#rows + 1] = ("%s  %s%s"):format(folder, place_of(folder),
        is_there and "" or ", not there")
      for _, name in ipairs(is_there and fs.list(folder) or {}) do
        local module = name:gsub("%.lua$", "")
        if (module ~= name or module == "qdrant") and host.is_reserved(module) then
          hidden[#hidden + 1] = fs.join(folder, name) .. "  is never loaded: the name is built in"
        end
      end
    end
  end
  table.move(hidden, 1, #hidden, #rows + 1, rows)
  return table.concat(rows, "\n")
end

--- Clears the screen.
---@usage shell.clear()
function shell.clear()
  host.shell_clear()
end

--- Leaves the shell.
---@usage shell.quit(1)
---@param status? integer the exit status; 0 when not given
function shell.quit(status)
  host.shell_quit(status or 0)
end

--- What may stand behind a text, as Tab would offer it.
---@usage shell.complete("qdrant.api.cluster.list_cl")
---@param text string
---@return { text: string, type: string, doc: string }[]
function shell.complete(text)
  return host.shell_complete(text)
end

--- Tells about a name, a value, or everything that has some words.
---@usage shell.help("task.map")
---@param what any
---@return string
function shell.help(what)
  local name, text = host.part("shell.help")(what)
  return text or host.shell_help(name)
end

-- The commands --------------------------------------------------------------------------------

host.part("shell.entries")(shell, host.part("shell.commands")(shell))
host.keep("inspect", host.part("shell.inspect").look)
host.keep("names", session.names)
setmetatable(shell, {
  __newindex = function(self, name, value)
    if name ~= "prompt" then
      error("shell has no \"" .. tostring(name) .. "\" to set", 2)
    end
    rawset(self, "_prompt", value)
    host.keep("prompt", value or function() end)
    host.shell_option("prompt", value ~= nil)
  end,
  __index = function(self, name)
    if name == "prompt" then
      return rawget(self, "_prompt")
    end
  end,
})

return shell
