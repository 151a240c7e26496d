--- What was entered.
local host = ...

local history = {}

--- Entries with a text, the newest last.
function history.list(words, count)
  local found = {}
  for number, entry in ipairs(host.shell_history()) do
    if not words or entry.entry:find(words, 1, true) then
      found[#found + 1] = {
        number = number, at = entry.at, took = entry.took, entry = entry.entry,
      }
    end
  end
  count = count or 20
  return table.move(found, math.max(1, #found - count + 1), #found, 1, {})
end

function history.forget(what)
  if math.type(what) ~= "integer" and type(what) ~= "string" or what == "" then
    error("shell.forget needs the number of an entry or a string", 3)
  end
  return host.shell_forget(what)
end

--- The last entry that is not a command.
function history.last()
  local entries = host.shell_history()
  for number = #entries, 1, -1 do
    local text = entries[number].entry
    if not text:find("^%.%a") and not text:find("%?%s*$") then
      return text
    end
  end
end

--- What saved entries find that scripts have not.
local KEEP = [[
-- The results of expressions, as the shell has them.
local results = {}
local function keep(first, ...)
  if first ~= nil and not io.type(first) then
    table.insert(results, 1, first)
    _, _1, _2, _3 = results[1], results[1], results[2], results[3]
    print(first, ...)
  end
end
]]

--- An entry as a statement of a script; nil for what only the shell knows.
local function statement(text)
  if host.shell_is_command(text) or text:find("^%s*help%f[%W]") or text:find("^%s*shell%.") then
    return nil
  end
  text = text:gsub("^=", "")
  if load("return " .. text) then
    return text:find("^%s*print%s*[%(\"']") and load(text) and text
      -- On lines of their own: a remark at its end would hide the parenthesis.
      or "keep(\n" .. text .. "\n)"
  end
  -- What an entry returns is its result; the script goes on.
  local before, result = text:match("^(.*)%f[%w_]return%f[^%w_](.-);?%s*$")
  if before and load("return " .. result) and load(before) then
    return before .. "keep(\n" .. result .. "\n)"
  elseif text:find("%f[%w_]return%f[^%w_]") and not text:find("%f[%w_]local%f[^%w_]")
    and not text:find("%f[%w_]function%f[^%w_]") then
    return "keep((function()\n" .. text .. "\nend)())"
  end
  return text
end

--- The entries as statements, and how many they are. Labels of different entries may have the same
--- name: each gets a block of its own.
local function body_of(entries)
  local lines, count, locals = {}, 0, 0
  for _, entry in ipairs(entries) do
    local line = statement(entry.entry)
    if line then
      local names = select(2, line:gsub("%f[%w_]local%f[^%w_]", ""))
      locals = locals + names
      -- Lua has two hundred at most: what is more becomes global.
      if locals > 150 then
        line = line:gsub("^%s*local%s+([%a_][%w_%s,]*=)", "%1")
      end
      local has_label = names == 0 and line:find("::%s*[%a_][%w_]*%s*::")
      lines[#lines + 1] = has_label and "do\n" .. line .. "\nend" or line
      count = count + 1
    end
  end
  return table.concat(lines, "\n") .. "\n", count
end

--- Writes entries as a script.
local function write(path, entries)
  local fs = require("fs")
  if fs.exists(path) then
    error(path .. " already exists", 4)
  end
  local body, count = body_of(entries)
  local head = "#!/usr/bin/env qcsh\n-- Entries of a session of the shell.\n"
  -- What the shell has as globals scripts find behind `qdrant`.
  if body:find("%f[%w_.]api%f[^%w_]") then
    head = head .. "local api = qdrant.api\n"
  end
  for _, library in ipairs(host.sorted_keys(host.names(table.concat(host.libraries, " ")))) do
    if body:find("%f[%w_.]" .. library .. "%s*[:.]") then
      head = head .. ("local %s = qdrant.%s\n"):format(library, library)
    end
  end
  if body:find("%f[%w_]keep%(") then
    head = head .. KEEP
  end
  local text = head .. "\n" .. body
  local works, problem = load(text:gsub("^#[^\n]*", ""), "=" .. path)
  -- Whoever entered it may read it: there may be more in it than meets the eye.
  fs.write(path, text, { mode = 384 })
  return ("%d %s in %s%s"):format(count, count == 1 and "entry" or "entries", path,
    works and "" or "; it must be corrected by hand: " .. tostring(problem))
end

--- Writes what was entered in this session as a script.
function history.save(path)
  return write(path, host.shell_session())
end

--- Writes entries of the history as a script: all, or those with a text.
function history.export(path, words)
  local entries = {}
  for _, entry in ipairs(host.shell_history()) do
    if not words or entry.entry:find(words, 1, true) then
      entries[#entries + 1] = entry
    end
  end
  return write(path, entries)
end

function history.load(path)
  local text = require("fs").read(path)
  local source = host.shell_source((text:gsub("^#[^\n]*", "")))
  return host.load_entry(source, "@" .. path, true)()
end

return history
