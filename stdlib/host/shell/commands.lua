--- The commands of the shell, and how their words become arguments.
local host = ...

--- How a command is used, for `.help` and when it is used wrongly.
local commands = {
  { "help", "[NAME | WORDS]", "an overview, or help about something" },
  { "context", "[NAME]", "switches context, or lists contexts" },
  { "connect", "ENDPOINT", "switches to another endpoint" },
  { "account", "[NAME | ID]", "switches account, or lists accounts" },
  { "sandbox", "", "starts a local cloud and switches to it" },
  { "format", "[NAME]", "how results are shown: table, wide, tree, json, jsonl, yaml, lua, csv" },
  { "timing", "[on | off]", "shows how long each entry took" },
  { "trace", "[on | off]", "shows each call as it ends" },
  { "pager", "[on | off]", "shows long results page by page" },
  { "ages", "[on | off]", "shows times as ages" },
  { "watch", "[SECONDS] CODE", "shows a result repeatedly, every 2 s by default" },
  { "jobs", "[cancel NUMBER]", "lists background tasks, or cancels one" },
  { "history", "[COUNT] [WORDS]", "lists entries; .history delete WORDS, .history save FILE" },
  { "load", "FILE", "runs a file as if it had been entered" },
  { "save", "FILE", "saves this session's entries as a script" },
  { "edit", "[METHOD | CODE]", "edits the last entry, or a request, in an editor" },
  { "path", "", "shows where require searches" },
  { "clear", "", "clears the screen" },
  { "quit", "", "exits; so does Ctrl-D" },
}

--- The module `shell`.
local shell

local usage = {}
for _, entry in ipairs(commands) do
  usage[entry[1]] = entry
end
local function misused(name)
  local entry = usage[name]
  error(("usage: .%s %s: %s"):format(entry[1], entry[2], entry[3]), 0)
end

--- "on", "off", or nothing, which shows the setting.
local function flag(name, rest)
  if rest == "" then
    return shell[name]()
  elseif rest == "on" or rest == "off" then
    return shell[name](rest == "on")
  end
  return misused(name)
end

--- A required word.
local function word(name, rest)
  if rest == "" then
    misused(name)
  end
  return (rest:gsub("^([\"'])(.*)%1$", "%2"))
end

--- A path as one types it: `~` is the home directory.
local function path_of(path)
  local home = path:find("^~/") and host.environment("HOME")
  return home and home .. path:sub(2) or path
end

local history = host.part("shell.history")
local run = {}

function run.help(rest)
  if rest == "" then
    return host.shell_show(host.shell_overview())
  end
  local name = word("help", rest)
  -- A variable is told of as help(x) does, a field of a message by its message, a method by its
  -- class. Nothing but names is looked up: help runs no code.
  local inspect = host.part("shell.inspect")
  local path = {}
  for part in name:gmatch("[^.:]+") do
    path[#path + 1] = part
  end
  if name:find("^[%a_][%w_.:]*$") then
    local value = inspect.value(path)
    if value ~= nil and type(value) ~= "string" and type(value) ~= "number"
      and type(value) ~= "boolean" and not inspect.member_of(path) then
      return _G.help(value)
    end
    name = inspect.member_of(path) or name
  end
  return host.shell_show_help(name)
end

function run.context(rest)
  local found = shell.context(rest ~= "" and word("context", rest) or nil)
  if type(found) == "table" and next(found) == nil then
    return host.shell_show("no contexts; create one with qcsh context set NAME\n")
  end
  return found
end

function run.connect(rest)
  return shell.connect { endpoint = word("connect", rest) }
end

function run.account(rest)
  return shell.account(rest ~= "" and word("account", rest) or nil)
end

function run.sandbox()
  return shell.sandbox()
end

function run.format(rest)
  return shell.format(rest ~= "" and rest or nil)
end

for _, name in ipairs { "timing", "trace", "pager", "ages" } do
  run[name] = function(rest)
    return flag(name, rest) and "on" or "off"
  end
end

function run.watch(rest)
  local length, expression = rest:match("^(%-?%d[%d.]*%a*)%s+(.*)$")
  if not length then
    length, expression = "2s", rest
  end
  local ok, seconds = pcall(function()
    return tonumber(length) or require("time").duration(length).total
  end)
  if expression == "" or expression:find("^%-?%d[%d.]*%a*$") or not ok then
    misused("watch")
  end
  return shell.watch(seconds, host.load_entry(expression, "=watch"))
end

function run.jobs(rest)
  local number = rest:match("^cancel%s+(%d+)$")
  if number then
    return shell.cancel(math.tointeger(number))
  elseif rest ~= "" then
    return misused("jobs")
  end
  local rows = shell.jobs()
  if #rows == 0 then
    return host.shell_show("no background tasks\n")
  end
  return rows
end

function run.history(rest)
  local verb, words = rest:match("^(%a+)%s+(.+)$")
  if rest == "delete" or rest == "save" then
    misused("history")
  elseif verb == "delete" then
    local count = shell.forget(math.tointeger(tonumber(words)) or words)
    return ("%d %s deleted"):format(count, count == 1 and "entry" or "entries")
  elseif verb == "save" then
    local file, some = path_of(words):match("^(%S+)%s*(.*)$")
    return history.export(file, some ~= "" and some or nil)
  end
  local count, some = rest:match("^(%d+)%s*(.*)$")
  some = some or rest
  local lines = {}
  for _, entry in ipairs(shell.history(some ~= "" and some or nil, tonumber(count))) do
    lines[#lines + 1] = ("%5d  %9s  %8s  %s\n"):format(entry.number,
      require("time").human(host.now() - entry.at), entry.took,
      (entry.entry:gsub("\n", "\n" .. (" "):rep(28))))
  end
  return host.shell_show(require("term").safe(table.concat(lines)))
end

function run.load(rest)
  return shell.load(path_of(word("load", rest)))
end

function run.save(rest)
  return shell.save(path_of(word("save", rest)))
end

function run.edit(rest)
  if rest == "" then
    return shell.edit()
  end
  local template = host.shell_template(rest)
  return shell.edit(template or rest)
end

function run.path()
  return shell.path()
end

function run.clear()
  return shell.clear()
end

function run.quit(rest)
  return shell.quit(math.tointeger(tonumber(rest)))
end
run.exit = run.quit

--- Runs a command with the words after it.
local function dispatch(name, rest)
  local action = run[name]
  if not action then
    local near = host.shell_nearest(name)
    error(("unknown command .%s%s; .help lists all commands"):format(name,
      near and ("; did you mean ." .. near .. "?") or ""), 0)
  end
  return action(rest)
end

return function(own)
  shell = own
  host.shell_commands(commands)
  return dispatch
end
