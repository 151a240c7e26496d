--- A page of HTML in a single file: its content, its style and the few lines of
--- JavaScript that sort its tables.
---
--- It says in a policy of its own that nothing may be loaded, and runs no script but that one.
local host = ...

local crypto = require "crypto"
local fs = require "fs"

local chart = require "qdrant.report.chart"
local markup = require "qdrant.report.markup"
local style = require "qdrant.report.style"

local element, escape = markup.element, markup.escape

local page = {}

---@class qdrant.report.Page
local Page = { __name = "qdrant.report.Page" }
Page.__index = Page

--- The name of a text in the policy.
local function hash(text)
  return "'sha256-" .. crypto.base64(crypto.unhex(crypto.sha256(text))) .. "'"
end

--- A page without content.
---@usage require("qdrant.report.page").new { title = "Clusters" }
---@param options { title: string, subtitle?: string, footer?: string }
---@return qdrant.report.Page
function page.new(options)
  return setmetatable({
    title = options.title, subtitle = options.subtitle, footer = options.footer, parts = {},
    sections = {},
  }, Page)
end

--- The bytes that are gathered before they are written.
local CHUNK = 65536

--- Adds a piece: it is kept, or written soon when the page is open.
local function add(self, text)
  self.parts[#self.parts + 1] = text
  if self.sink then
    self.size = self.size + #text
    if self.size > CHUNK then
      self:flush()
    end
  end
  return self
end

--- Begins a section; later additions belong to it.
---@usage qdrant.report:page({ title = "Clusters" }):section("Sizes", "Those of production only.")
---@param title string|number
---@param text? string|number|userdata
---@return qdrant.report.Page
function Page:section(title, text)
  local id = "section-" .. #self.sections + 1
  self.sections[#self.sections + 1] = { id = id, title = title }
  add(self, element("h2", { id = id }, escape(title)))
  return text and self:text(text) or self
end

--- A paragraph.
---@usage qdrant.report:page({ title = "Clusters" }):text("As of today.")
---@param text string|number|userdata
---@return qdrant.report.Page
function Page:text(text)
  return add(self, element("p", { class = "soft" }, escape(text)))
end

--- A heading below a section's.
---@usage qdrant.report:page({ title = "Clusters" }):section("Sizes"):heading("Small ones")
---@param text string|number|userdata
---@return qdrant.report.Page
function Page:heading(text)
  return add(self, element("h3", { class = "part" }, escape(text)))
end

--- Code, as it is.
---@usage qdrant.report:page({ title = "Clusters" }):code("qcsh create-cluster.lua search")
---@param text string|number|userdata
---@return qdrant.report.Page
function Page:code(text)
  return add(self, element("pre", nil, element("code", nil, escape(text))))
end

--- A paragraph of markup, which is not escaped: it must be trusted.
---@usage qdrant.report:page({ title = "Clusters" }):markup("<b>important</b>")
---@param html string
---@return qdrant.report.Page
function Page:markup(html)
  return add(self, element("p", nil, html))
end

--- Numbers that are seen first.
---@usage qdrant.report:page({ title = "Clusters" }):figures { { "clusters", 12 }, { "down", 1, "bad" } }
---@param list { [1]: string, [2]: any, [3]?: "good"|"warn"|"bad" }[] what it is, the number, how that is
---@return qdrant.report.Page
function Page:figures(list)
  local parts = {}
  for i, figure in ipairs(list) do
    parts[i] = element("div", { class = "figure" }, {
      element("b", { class = figure[3] or false }, escape((markup.text(figure[2])))),
      element("span", nil, escape(figure[1])),
    })
  end
  return add(self, element("div", { class = "figures" }, parts))
end

local function card(class, title, content)
  return element("div", { class = class }, {
    title and element("h3", nil, escape(title)) or "",
    element("div", { class = "scroll" }, content),
  })
end

--- A chart with its title, as wide as there is room. Nothing is shown for no rows.
local function charted(self, title, rows, draw, options)
  if #rows == 0 then
    return self
  end
  local content = card("card chart", title, draw(title, rows, options))
  if self.row then
    self.row[#self.row + 1] = content
    return self
  end
  return add(self, content)
end

--- Options with the width that there is.
local function wide(self, options)
  local copy = { width = self.width }
  for key, value in pairs(options or {}) do
    copy[key] = value
  end
  return copy
end

--- Bars, followed by their values.
---@usage qdrant.report:page({ title = "Clusters" }):bars("Nodes", { { name = "search", value = 3 } })
---@param title string
---@param rows qdrant.report.Bar[]
---@return qdrant.report.Page
function Page:bars(title, rows)
  return charted(self, title, rows, chart.bars, self.width)
end

--- Columns, for months or other things that have an order.
---@usage qdrant.report:page({ title = "Costs" }):columns("Months", { { name = "2026-10", value = 312.5 } })
---@param title string
---@param rows qdrant.report.Bar[]
---@return qdrant.report.Page
function Page:columns(title, rows)
  return charted(self, title, rows, chart.columns, self.width)
end

--- Lines over time.
---@usage qdrant.report:page({ title = "Use" }):series("CPU", { { name = "node 0", values = { 0.5, 0.75 } } }, { unit = "vCPU" })
---@param title string
---@param list qdrant.report.Series[]
---@param options? qdrant.report.SeriesOptions
---@return qdrant.report.Page
function Page:series(title, list, options)
  options = host.options(options, "page:series",
    "from to unit limit limit_name times width")
  return charted(self, title, list, chart.series, wide(self, options))
end

--- A square for each day, a row for each name.
---@usage qdrant.report:page({ title = "Backups" }):days("Backups", { { name = "search", days = { { state = "good", text = "one" } } } })
---@param title string
---@param rows qdrant.report.DayRow[]
---@param options? { from?: string, to?: string }
---@return qdrant.report.Page
function Page:days(title, rows, options)
  options = host.options(options, "page:days", "from to")
  return charted(self, title, rows, chart.days, wide(self, options))
end

--- Puts the charts that a function adds next to each other.
---@usage qdrant.report:page({ title = "Two" }):beside(function(page) page:bars("A", {}):bars("B", {}) end)
---@param fn fun(page: qdrant.report.Page)
---@return qdrant.report.Page
function Page:beside(fn)
  self.row, self.width = {}, chart.HALF
  fn(self)
  local row = self.row
  self.row, self.width = nil, nil
  if #row == 0 then
    return self
  end
  return add(self, element("div", { class = "pair" }, row))
end

---@class qdrant.report.Column
---@field [1] string the field of the rows
---@field [2]? string its title; the field when not given
---@field number? boolean at the right, sorted as numbers
---@field wrap? boolean long text, in several lines
---@field code? boolean ids and the like

---@class qdrant.report.Cell
---@field value? any what it sorts by, and shows when there is no text
---@field text? string
---@field state? "good"|"warn"|"bad"
---@field chart? string what `chart.spark` or `chart.meter` have made; before the text

local function cell(value, column)
  local made = type(value) == "table" and value or { value = value }
  local inner = made.value
  if inner == nil then
    inner = made.text
  end
  if inner == nil and not made.chart then
    return element("td", { class = column.number and "number" or false }, "–")
  end
  local text, key = "", ""
  if inner ~= nil then
    text, key = markup.text(inner)
  end
  text = escape(made.text or text)
  if made.state then
    text = element("span", { class = "state " .. made.state }, text)
  elseif column.code then
    text = element("code", nil, text)
  end
  local class = column.number and "number" or column.wrap and "wrap" or false
  return element("td", { class = class, ["data-v"] = tostring(key) }, (made.chart or "") .. text)
end

--- The first value of each column, by its number.
local function first_values(columns, rows, row_of)
  local found, missing = {}, #columns
  for _, row in ipairs(rows) do
    local made = row_of(row)
    for k, column in ipairs(columns) do
      if found[k] == nil and made[column[1]] ~= nil then
        found[k], missing = made[column[1]], missing - 1
      end
    end
    if missing == 0 then
      break
    end
  end
  return found
end

--- The columns with values, and their titles.
local function shown_columns(columns, rows, row_of)
  local heads, shown, firsts = {}, {}, first_values(columns, rows, row_of)
  for k, column in ipairs(columns) do
    local first = firsts[k]
    if type(first) == "table" then
      first = first.value
    end
    if firsts[k] ~= nil then
      local is_number = first ~= nil and type(select(2, markup.text(first))) == "number"
      shown[#shown + 1] = column
      heads[#heads + 1] = element("th", {
        scope = "col", class = column.number and "number" or false,
        ["data-sort"] = is_number and "number" or false,
      }, element("button", { type = "button" }, escape(column[2] or column[1])))
    end
  end
  return shown, element("thead", nil, element("tr", nil, heads))
end

local function same(row)
  return row
end

--- A table that sorts by a click on a title. Cells are values, or have a state: `{ value = 3,
--- state = "bad" }`. A column without any value is left out.
---@usage qdrant.report:page({ title = "Clusters" }):table("All", { { "name", "Name" } }, { { name = "search" } })
---@param title? string
---@param columns qdrant.report.Column[]
---@param rows table[]
---@param row_of? fun(row: table): table makes the cells of a row when it is drawn
---@return qdrant.report.Page
function Page:table(title, columns, rows, row_of)
  if #rows == 0 then
    return self:text((title and title .. ": " or "") .. "none")
  end
  row_of = row_of or same
  local shown, head = shown_columns(columns, rows, row_of)
  add(self, ('<div class="%s"><div class="scroll"><table>%s%s<tbody>'):format(
    #rows <= 15 and "card short" or "card",
    title and element("caption", nil, escape(title)) or "", head))
  local cells = {}
  for _, row in ipairs(rows) do
    local made = row_of(row)
    for k, column in ipairs(shown) do
      cells[k] = cell(made[column[1]], column)
    end
    add(self, element("tr", nil, cells))
  end
  return add(self, "</tbody></table></div></div>")
end

--- The titles of the sections.
---@usage qdrant.report:account({ "access" }):contents()
---@return string[]
function Page:contents()
  local titles = host.list()
  for i, section in ipairs(self.sections) do
    titles[i] = section.title
  end
  return titles
end

--- The page before its content, with links to sections.
local function head(self, sections)
  local policy = ("default-src 'none'; style-src %s; script-src %s; base-uri 'none'; form-action "
    .. "'none'"):format(hash(style.css), hash(style.script))
  local links = {}
  for i, section in ipairs(sections) do
    links[i] = element("a", { href = "#" .. section.id }, escape(section.title))
  end
  return table.concat {
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">",
    ("<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">"):format(policy),
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
    "<meta name=\"referrer\" content=\"no-referrer\">",
    element("title", nil, escape(self.title)), "<style>", style.css,
    "</style></head>\n<body><main>",
    element("header", nil, {
      element("h1", nil, escape(self.title)),
      self.subtitle and element("p", { class = "soft" }, escape(self.subtitle)) or "",
      #links > 1 and element("nav", nil, links) or "",
    }),
    "\n",
  }
end

--- The page after its content.
local function foot(self)
  return table.concat {
    "\n", self.footer and element("footer", nil, escape(self.footer)) or "",
    "</main><script>", style.script, "</script></body></html>\n",
  }
end

--- The whole page.
---@usage #qdrant.report:page({ title = "Clusters" }):html()
---@return string
function Page:html()
  return head(self, self.sections) .. table.concat(self.parts, "\n") .. foot(self)
end

--- Writes the page to a file; it is replaced whole or not at all.
---@usage qdrant.report:page({ title = "Clusters" }):write("/tmp/qcsh-report.html")
---@param path string
---@return qdrant.report.Page
function Page:write(path)
  fs.write(path, self:html())
  return self
end

--- Writes the page while it is made: its head now, later additions in parts, which are not kept.
--- `close` writes the rest.
---@usage local page = qdrant.report:page { title = "Clusters" } page:open(io.write, { "Sizes" }):section("Sizes"):close()
---@param sink fun(text: string) gets the parts
---@param titles string[] the titles of the sections that will follow, for links
---@return qdrant.report.Page
function Page:open(sink, titles)
  local sections = {}
  for i, title in ipairs(titles) do
    sections[i] = { id = "section-" .. i, title = title }
  end
  self.sink, self.size = sink, 0
  sink(head(self, sections))
  return self
end

--- Writes what was added to an open page so far.
---@usage local page = qdrant.report:page { title = "Clusters" } page:open(io.write, {}):text("first"):flush():close()
---@return qdrant.report.Page
function Page:flush()
  if self.sink and #self.parts > 0 then
    self.sink(table.concat(self.parts, "\n") .. "\n")
    self.parts, self.size = {}, 0
  end
  return self
end

--- Writes the end of an open page.
---@usage qdrant.report:page({ title = "Clusters" }):open(io.write, {}):close()
---@return qdrant.report.Page
function Page:close()
  if self.sink then
    self:flush()
    self.sink(foot(self))
    self.sink = nil
  end
  return self
end

return page
