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

function history.save(path)
  local lines = { "#!/usr/bin/env qcsh", "-- Entries of a session of the shell.", "" }
  local count = 0
  for _, entry in ipairs(host.shell_session()) do
    if not entry.entry:find("^%.%a") and not entry.entry:find("%?%s*$") then
      -- What was an expression shows its value, as it did in the shell.
      local text = entry.entry:gsub("^=", "")
      if load("return " .. text) then
        text = "print(" .. text .. ")"
      end
      lines[#lines + 1] = text
      count = count + 1
    end
  end
  require("fs").write(path, table.concat(lines, "\n") .. "\n")
  return ("%d %s in %s"):format(count, count == 1 and "entry" or "entries", path)
end

function history.load(path)
  local text = require("fs").read(path)
  local source = host.shell_source((text:gsub("^#[^\n]*", "")))
  return host.load_entry(source, "@" .. path, true)()
end

return history
