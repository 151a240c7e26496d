--- How results of specs are written: for people, as TAP, as JUnit's XML and as JSON. Whatever bytes a
--- name or a message has, the document is well-formed.
local reporters = {}

local function indented(text, margin)
  return margin .. text:gsub("\n", "\n" .. margin)
end

--- Stands in place of broken UTF-8.
local REPLACEMENT = "\u{FFFD}"

--- A text without broken UTF-8.
local function valid(text)
  local parts, from = {}, 1
  while true do
    local length, bad = utf8.len(text, from)
    if length then
      parts[#parts + 1] = text:sub(from)
      return table.concat(parts)
    end
    parts[#parts + 1] = text:sub(from, bad - 1)
    parts[#parts + 1] = REPLACEMENT
    from = bad + 1
  end
end

local function escape_byte(character)
  return ("\\x%02X"):format(character:byte())
end

--- A text with control characters shown as escapes, but for line breaks and tabs.
local function shown(text)
  text = valid(text):gsub("[\0-\8\11-\31\127]", escape_byte)
  -- The second set of control characters, and what XML and YAML cannot have.
  return (text:gsub("\xC2([\x80-\x9F])", escape_byte):gsub("\xEF\xBF[\xBE\xBF]", REPLACEMENT))
end

-- For people ----------------------------------------------------------------------------------

--- A message as it is shown: escaped, but for the colours of differences.
local function message_for_people(message)
  local term = require "term"
  local parts, from = {}, 1
  for start, colour, stop in message:gmatch("()(\27%[[%d;]*m)()") do
    parts[#parts + 1] = message:sub(from, start - 1)
    parts[#parts + 1] = { colour }
    from = stop
  end
  parts[#parts + 1] = message:sub(from)
  local has_colour = term.has_colour()
  for i, part in ipairs(parts) do
    if type(part) == "table" then
      parts[i] = has_colour and part[1] or ""
    else
      parts[i] = part:gsub("[^\n]+", term.safe)
    end
  end
  return table.concat(parts)
end

function reporters.text(out)
  local term = require "term"
  local style = { passed = "green", failed = "red", pending = "yellow" }
  local sign = { passed = "ok", failed = "FAILED", pending = "pending" }
  return {
    result = function(result)
      out(("%s  %s\n"):format(term.style(style[result.status], ("%-7s"):format(
        sign[result.status])), term.safe(result.name)))
      if result.message then
        out(indented(message_for_people(result.message), "         ") .. "\n")
      end
    end,
    finish = function(counts, seconds, seed)
      out(("%d passed, %d failed, %d pending in %.2f s\n"):format(counts.passed, counts.failed,
        counts.pending, seconds))
      if seed then
        out(("The order was random: --seed %d repeats it.\n"):format(seed))
      end
    end,
  }
end

-- TAP -----------------------------------------------------------------------------------------

--- The Test Anything Protocol, version 13.
function reporters.tap(out)
  local number = 0
  out("TAP version 13\n")
  return {
    result = function(result)
      number = number + 1
      local name = shown(result.name):gsub("[#\n]", " ")
      out(("%s %d - %s%s\n"):format(result.status == "failed" and "not ok" or "ok", number, name,
        result.status == "pending" and " # SKIP" or ""))
      if result.message and result.status == "failed" then
        -- The number says how far the text is indented, which may begin with blanks itself.
        out("  ---\n  message: |2\n" .. indented(shown(result.message), "    ") .. "\n  ...\n")
      end
    end,
    finish = function()
      out(("1..%d\n"):format(number))
    end,
  }
end

-- JUnit ---------------------------------------------------------------------------------------

local entities = {
  ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["\n"] = "&#10;",
  ["\t"] = "&#9;",
}

local function content(text)
  return (shown(text):gsub("[&<>]", entities))
end

local function attribute(text)
  return (shown(text):gsub('[&<>"\n\t]', entities))
end

--- JUnit's XML, as CI servers read it.
function reporters.junit(out)
  local cases = {}
  return {
    result = function(result)
      local lines = { ('    <testcase classname="%s" name="%s" time="%.3f"'):format(
        attribute(result.file or "?"), attribute(result.name), result.seconds) }
      local message = result.message or ""
      if result.status == "failed" then
        lines[1] = lines[1] .. ">"
        lines[2] = ('      <failure message="%s">%s</failure>'):format(
          attribute(message:match("^[^\n]*")), content(message))
        lines[3] = "    </testcase>"
      elseif result.status == "pending" then
        lines[1] = ('%s><skipped message="%s"/></testcase>'):format(lines[1], attribute(message))
      else
        lines[1] = lines[1] .. "/>"
      end
      cases[#cases + 1] = table.concat(lines, "\n")
    end,
    finish = function(counts, seconds)
      out('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n')
      out(('  <testsuite name="qcsh test" tests="%d" failures="%d" skipped="%d" time="%.3f">\n')
        :format(counts.passed + counts.failed + counts.pending, counts.failed, counts.pending,
          seconds))
      out(table.concat(cases, "\n") .. "\n  </testsuite>\n</testsuites>\n")
    end,
  }
end

-- JSON ----------------------------------------------------------------------------------------

--- One document with all results.
function reporters.json(out)
  local json = require "json"
  local specs = json.list {}
  return {
    result = function(result)
      specs[#specs + 1] = {
        file = result.file and valid(result.file), name = valid(result.name),
        place = valid(result.place), kind = result.kind, status = result.status,
        seconds = result.seconds, message = result.message and valid(result.message),
      }
    end,
    finish = function(counts, seconds, seed)
      out(json.encode({
        passed = counts.passed, failed = counts.failed, pending = counts.pending,
        seconds = seconds, seed = seed, specs = specs,
      }, { pretty = true }) .. "\n")
    end,
  }
end

return reporters
