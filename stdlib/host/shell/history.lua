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
    error("shell.forget needs an entry's number or a text", 3)
  end
  return host.shell_forget(what)
end

--- The last entry that is no command.
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
  if first ~= nil then
    table.insert(results, 1, first)
    _, _1, _2, _3 = results[1], results[1], results[2], results[3]
    print(first, ...)
  end
end
]]

--- An entry as a statement of a script; nil for what only the shell knows.
local function statement(text)
  if text:find("^%.%a") or text:find("%?%s*$") or text:find("%f[%w_]shell%.")
    or text:find("^%s*help%f[%W]") then
    return nil
  end
  text = text:gsub("^=", "")
  if load("return " .. text) and not text:find("^%s*print%s*[%(\"']") then
    return "keep(" .. text .. ")"
  end
  return text
end

function history.save(path)
  local fs = require("fs")
  if fs.exists(path) then
    error(path .. " is there already", 3)
  end
  local lines, count = {}, 0
  for _, entry in ipairs(host.shell_session()) do
    local line = statement(entry.entry)
    if line then
      lines[#lines + 1] = line
      count = count + 1
    end
  end
  local body = table.concat(lines, "\n") .. "\n"
  local head = "#!/usr/bin/env qcsh\n-- Entries of a session of the shell.\n"
  if body:find("%f[%w_]api%.") then
    head = head .. "local api = qdrant.api\n"
  end
  if body:find("%f[%w_]keep%(") then
    head = head .. KEEP
  end
  -- Whoever entered it may read it: there may be more in it than meets the eye.
  fs.write(path, head .. "\n" .. body, { mode = 384 })
  return ("%d %s in %s"):format(count, count == 1 and "entry" or "entries", path)
end

function history.load(path)
  local text = require("fs").read(path)
  local source = host.shell_source((text:gsub("^#[^\n]*", "")))
  return host.load_entry(source, "@" .. path, true)()
end

return history
