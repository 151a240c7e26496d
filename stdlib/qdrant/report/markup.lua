--- Elements of HTML and SVG as text, with everything from outside escaped.
local term = require "term"
local time = require "time"

local tostring, type = tostring, type

local markup = {}

local ENTITIES = {
  ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;",
}

--- A text that says itself in HTML, also within an attribute's quotes. Control characters are shown.
---@usage require("qdrant.report.markup").escape("<b>")
---@param value any
---@return string
function markup.escape(value)
  return (term.safe(tostring(value)):gsub("[&<>\"']", ENTITIES))
end

local escape = markup.escape

--- An element; attributes are written in the order of their names. The content is markup.
---@usage require("qdrant.report.markup").element("p", { class = "note" }, "text")
---@param name string
---@param attributes? table<string, any> false and nil are left out, true has no value
---@param content? string|string[] an element without content when not given
---@return string
function markup.element(name, attributes, content)
  local parts, names = { "<" .. name }, {}
  for key, value in pairs(attributes or {}) do
    if value ~= false then
      names[#names + 1] = key
    end
  end
  table.sort(names)
  for _, key in ipairs(names) do
    local value = attributes[key]
    if math.type(value) == "float" then
      value = ("%.2f"):format(value):gsub("%.?0+$", "")
    end
    parts[#parts + 1] = value == true and " " .. key or (' %s="%s"'):format(key, escape(value))
  end
  if content == nil then
    parts[#parts + 1] = "/>"
  else
    parts[#parts + 1] = ">" .. (type(content) == "table" and table.concat(content) or content)
      .. "</" .. name .. ">"
  end
  return table.concat(parts)
end

--- What kind of a time a value is: "time", "duration" or nil.
---@usage require("qdrant.report.markup").kind(time.now())
---@param value any
---@return string?
function markup.kind(value)
  local text = type(value) == "userdata" and tostring(value) or ""
  return text:find("^%d%d%d%d%-%d%d%-%d%dT") and "time" or text:find("^%-?[%d.]+s$") and "duration"
    or nil
end

--- A value for people, and what it sorts by.
---@usage require("qdrant.report.markup").text(true)
---@param value any
---@return string text
---@return string|number key
function markup.text(value)
  local kind = markup.kind(value)
  if kind == "time" then
    return time.format(value, "%Y-%m-%d %H:%M"), value.total
  elseif kind == "duration" then
    return time.human(value), value.total
  elseif type(value) == "boolean" then
    return value and "yes" or "no", value and 1 or 0
  elseif math.type(value) == "float" then
    return (("%.2f"):format(value):gsub("%.00$", "")), value
  elseif type(value) == "number" then
    return tostring(value), value
  end
  return tostring(value), tostring(value):lower()
end

--- The name of an enum's value for people: "CLUSTER_PHASE_HEALTHY" is "healthy".
---@usage require("qdrant.report.markup").short("ROLE_TYPE_CUSTOM", "ROLE_TYPE_")
---@param name string
---@param prefix string
---@return string
function markup.short(name, prefix)
  local text = name:sub(1, #prefix) == prefix and name:sub(#prefix + 1) or name
  return (text:lower():gsub("_", " "))
end

--- Calls a function; nil when the server says that there is nothing of the kind to have.
---@usage require("qdrant.report.markup").optional(function() return 1 end)
---@generic T
---@param fn fun(): T
---@return T?
---@return string? why in one word
function markup.optional(fn)
  local ok, result = pcall(fn)
  if ok then
    return result
  end
  local code = type(result) == "table" and result.code
  if code == "NOT_FOUND" or code == "FAILED_PRECONDITION" or code == "UNIMPLEMENTED"
    or code == "PERMISSION_DENIED" then
    return nil, code
  end
  error(result, 0)
end

return markup
