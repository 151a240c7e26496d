--- The documentation of a library as a page of HTML, from its annotations.
local host = ...

local fs = require "fs"

local markup = require "qdrant.report.markup"
local page_of = require("qdrant.report.page").new

local docs = {}

local escape = markup.escape

--- A text in which `code` is code.
local function prose(text)
  return (escape(text):gsub("`([^`]+)`", "<code>%1</code>"))
end

--- "count integer how many" as a row.
local function parameter(text)
  local name, kind, about = text:match("^(%S+)%s+(%S+)%s*(.*)$")
  return { name = name or text, kind = kind, about = about ~= "" and about or nil }
end

local function entry_of(page, entry)
  page:heading(entry.signature)
  page:markup(prose(entry.text))
  local rows = {}
  for i, text in ipairs(entry.parameters) do
    rows[i] = parameter(text)
  end
  for _, text in ipairs(entry.results) do
    local kind, about = text:match("^(%S+)%s*(.*)$")
    rows[#rows + 1] = { name = "→", kind = kind, about = about ~= "" and about or nil }
  end
  if #rows > 0 then
    page:table(nil, {
      { "name", "Parameter", code = true }, { "kind", "Type", code = true },
      { "about", "What it is", wrap = true },
    }, rows)
  end
  if entry.example then
    page:code(entry.example)
  end
end

--- The page about a library.
---@usage pcall(require("qdrant.library.docs").page, { spec = { package = "x", version = "1-1" }, folder = "/tmp" }, {})
---@param package { spec: table, folder: string }
---@param modules table<string, string> paths by modules
---@param needs? string[]
---@return qdrant.report.Page
function docs.page(package, modules, needs)
  local spec = package.spec
  local description = spec.description or {}
  local page = page_of {
    title = spec.package, subtitle = ("%s, version %s"):format(description.summary or "",
      spec.version):gsub("^, ", ""),
    footer = description.license and "License: " .. description.license or nil,
  }
  if needs and #needs > 0 then
    page:markup("It requires the permissions <code>"
      .. escape(table.concat(needs, ", ")):gsub(", ", "</code>, <code>") .. "</code>.")
  end
  if description.detailed then
    page:markup(prose(description.detailed))
  end
  for _, module in ipairs(host.sorted_keys(modules)) do
    local entries = host.annotations(fs.read(fs.join(package.folder, modules[module])), module)
    page:section(module)
    page:code(('local %s = require "%s"'):format(module:match("[^.]+$"), module))
    for _, entry in ipairs(entries) do
      if entry.name == module then
        page:markup(prose(entry.text))
      else
        entry_of(page, entry)
      end
    end
  end
  return page
end

--- The functions without a word about what they do.
---@usage require("qdrant.library.docs").undocumented({ folder = "/tmp" }, {})
---@param package { folder: string }
---@param modules table<string, string>
---@return string[]
function docs.undocumented(package, modules)
  local names = {}
  for _, module in ipairs(host.sorted_keys(modules)) do
    for _, entry in ipairs(host.annotations(fs.read(fs.join(package.folder, modules[module])),
      module)) do
      if entry.text == "" then
        names[#names + 1] = entry.name
      end
    end
  end
  return names
end

return docs
