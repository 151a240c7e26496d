--- How results of specs are written: for people, as TAP and as JUnit's XML.
local reporters = {}

local function indented(text, margin)
  return margin .. text:gsub("\n", "\n" .. margin)
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
        out(indented(result.message, "         ") .. "\n")
      end
    end,
    finish = function(counts, seconds)
      out(("%d passed, %d failed, %d pending in %.2f s\n"):format(counts.passed, counts.failed,
        counts.pending, seconds))
    end,
  }
end

--- The Test Anything Protocol, version 13.
function reporters.tap(out)
  local number = 0
  out("TAP version 13\n")
  return {
    result = function(result)
      number = number + 1
      local name = result.name:gsub("[#\n]", " ")
      out(("%s %d - %s%s\n"):format(result.status == "failed" and "not ok" or "ok", number, name,
        result.status == "pending" and " # SKIP" or ""))
      if result.message and result.status == "failed" then
        out("  ---\n  message: |\n" .. indented(result.message, "    ") .. "\n  ...\n")
      end
    end,
    finish = function()
      out(("1..%d\n"):format(number))
    end,
  }
end

local function xml(text)
  return (text:gsub('[&<>"]', {
    ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;",
  }):gsub("[\0-\8\11\12\14-\31]", "?"))
end

--- JUnit's XML, as CI servers read it.
function reporters.junit(out)
  local cases = {}
  return {
    result = function(result)
      local lines = { ('    <testcase classname="%s" name="%s" time="%.3f"'):format(
        xml(result.file), xml(result.name), result.seconds) }
      if result.status == "failed" then
        lines[1] = lines[1] .. ">"
        lines[2] = ('      <failure message="%s">%s</failure>'):format(
          xml((result.message or ""):match("^[^\n]*")), xml(result.message or ""))
        lines[3] = "    </testcase>"
      elseif result.status == "pending" then
        lines[1] = lines[1] .. "><skipped/></testcase>"
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

return reporters
