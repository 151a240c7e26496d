--- The interactive shell: its commands (`.format json`, `.watch 5s …`) as functions. In scripts every
--- function of this module raises an error.
local host = ...

---@class shell.Place
---@field context? string
---@field account? string the beginning of its id
---@field jobs integer how many tasks were left running
---@field read_only boolean

---@class shell
---@field prompt? fun(place: shell.Place): string returns the prompt; nil for the default prompt
local shell = {}

if not host.shell_option then
  return setmetatable(shell, {
    __index = function(_, name)
      error(("shell.%s is only available in the interactive shell, not in scripts"):format(
        tostring(name)), 2)
    end,
  })
end

local session = host.part("shell.session")
local jobs = host.part("shell.jobs")

-- How results are shown -----------------------------------------------------------------------

--- Sets how results are shown; without a name returns the current format.
---@usage shell.format("json")
---@param name? "table"|"wide"|"tree"|"json"|"jsonl"|"yaml"|"lua"|"csv"
---@return string
function shell.format(name)
  return host.shell_option("format", name)
end

--- Sets whether each entry shows how long it took and what it called.
---@usage shell.timing(true)
---@param on? boolean
---@return boolean
function shell.timing(on)
  return host.shell_option("timing", on)
end

--- Sets whether each call is shown as it ends.
---@usage shell.trace(false)
---@param on? boolean
---@return boolean
function shell.trace(on)
  return host.shell_option("trace", on)
end

--- Sets whether long results are shown page by page.
---@usage shell.pager(false)
---@param on? boolean
---@return boolean
function shell.pager(on)
  return host.shell_option("pager", on)
end

--- Sets whether times are shown as ages (`3d4h`).
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

--- Switches to a context of the configuration; without a name lists the contexts.
---@usage shell.context()
---@async
---@param name? string
function shell.context(name)
  return session.context(name)
end

--- Connects to another endpoint, account or context; options as for `qdrant.connect`.
---@usage shell.connect { account = qdrant.session.account_id }
---@async
---@param options { context?: string, account?: string, endpoint?: string, transport?: string }
function shell.connect(options)
  return session.connect(options)
end

--- Switches to another account, by name or id; without one lists the visible accounts.
---@usage shell.account()
---@async
---@param name? string
function shell.account(name)
  return session.account(name)
end

--- Starts a local cloud and switches to it.
---@usage shell.sandbox()
---@async
---@param options? table as for `sandbox.start`
function shell.sandbox(options)
  return session.sandbox(options)
end

-- Tasks ---------------------------------------------------------------------------------------

--- The background tasks; `shell.jobs(2)` returns one of them.
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

--- Runs a function in the background. Its result appears above the prompt.
---@usage shell.background(function() return 1 end)
---@param fn function
---@param text? string what it is called in the list of jobs
---@return task.Handle
function shell.background(fn, text)
  return jobs.start(fn, text)
end

--- Calls a function repeatedly and shows its latest result in place, with changes highlighted. Ctrl-C
--- ends it.
---@usage shell.watch(0.1, function() return time.now() end, 2)
---@async
---@param seconds number|string|userdata
---@param fn function
---@param times? integer how often; forever when not given
function shell.watch(seconds, fn, times)
  return host.part("shell.watch")(seconds, fn, times)
end

-- Entries -------------------------------------------------------------------------------------

--- Entries of the history, the newest last.
---@usage shell.history("cluster", 5)
---@param words? string only entries that contain this string
---@param count? integer the maximum number of entries; 20 when not given
function shell.history(words, count)
  return host.part("shell.history").list(words, count)
end

--- Deletes entries from the history: one by its number, or all that contain a string. Returns how many.
---@usage shell.forget("no such entry")
---@param what integer|string
---@return integer
function shell.forget(what)
  return host.part("shell.history").forget(what)
end

--- Writes the successful entries of this session to a file, as a script.
---@usage shell.save("/tmp/session-" .. crypto.uuid() .. ".lua")
---@param path string
function shell.save(path)
  return host.part("shell.history").save(path)
end

--- Runs a file as if it had been entered: its top-level locals stay available.
---@usage fs.write("/tmp/qcsh-load.lua", "print(6 * 7)") shell.load("/tmp/qcsh-load.lua")
---@async
---@param path string
function shell.load(path)
  return host.part("shell.history").load(path)
end

--- Opens an editor on a string, on the last entry, or on a request for a method. The edited text is
--- placed at the prompt.
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

--- The meaning of a directory of modules, by its name.
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

--- The search path of `require`, one directory per line, in order; and files that are never loaded
--- because a built-in module has the same name.
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
        is_there and "" or ", not found")
      for _, name in ipairs(is_there and fs.list(folder) or {}) do
        local module = name:gsub("%.lua$", "")
        if (module ~= name or module == "qdrant") and host.is_reserved(module) then
          hidden[#hidden + 1] = fs.join(folder, name)
            .. "  is never loaded: a built-in module has this name"
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

--- The completions of a string, as Tab would offer them.
---@usage shell.complete("qdrant.api.cluster.list_cl")
---@param text string
---@return { text: string, type: string, doc: string }[]
function shell.complete(text)
  return host.shell_complete(text)
end

--- Help about a name or a value, or a search for words.
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
      error("shell has no setting \"" .. tostring(name) .. "\"; it has prompt", 2)
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
