--- A page of HTML in a single file: its content, its style and the few lines of
--- JavaScript that sort its tables.
---
--- It says in a policy of its own that nothing may be loaded, and runs no script but that one.
local host = ...

local crypto = require "crypto"
local fs = require "fs"

local chart = require "qdrant.report.chart"
local markup = require "qdrant.report.markup"

local element, escape = markup.element, markup.escape

local page = {}

---@class qdrant.report.Page
local Page = {}
Page.__index = Page
Page.__name = "qdrant.report.Page"

local STYLE = [[
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#15191f;--soft:#5a6472;
--rule:#e1e5ea;
--axis:#aab2bd;--s1:#2f6fd6;--s2:#c8680f;--s3:#178a6a;--s4:#8452c4;--s5:#c23a67;--s6:#77780f;
--good:#1c8a4c;--warn:#b26a00;--bad:#c62f36;--none:#dfe3e8;--goodbg:#e3f4ea;--warnbg:#fdf0d9;
--badbg:#fde7e7}
@media (prefers-color-scheme:dark){:root{--page:#12151a;--card:#1a1e25;--ink:#e8ebf0;--soft:#9aa5b4;
--rule:#2c333d;--axis:#566070;--s1:#6ba3f7;--s2:#ee9a4a;--s3:#4dc2a0;--s4:#b48ff0;--s5:#f07fa3;
--s6:#c3c24b;
--good:#4fc481;--warn:#e8ac45;--bad:#f2777c;--none:#343c47;--goodbg:#173325;--warnbg:#3a2d14;
--badbg:#40201f}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif}
main{max-width:1240px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:27px;line-height:1.2;margin:0 0 4px}h2{font-size:20px;margin:38px 0 4px}
h3{font-size:15px;margin:0 0 10px;font-weight:600}
p{margin:4px 0 12px}.soft{color:var(--soft)}
nav{margin:14px 0 0}nav a{color:inherit;margin-right:18px}
.card{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:16px 18px;
margin:14px 0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;
margin:14px 0}
.figure{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:12px 16px}
.figure b{display:block;font-size:26px;line-height:1.25;font-weight:600}
.figure span{color:var(--soft);font-size:13px}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:14px}
.pair .card{margin:0;min-width:0}
.scroll{overflow-x:auto}
.scroll>svg{min-width:440px}
svg{display:block;width:100%;height:auto}
svg text{font-size:12.5px;fill:var(--soft)}svg text.value{fill:var(--ink)}
.s1{fill:var(--s1)}.s2{fill:var(--s2)}.s3{fill:var(--s3)}.s4{fill:var(--s4)}.s5{fill:var(--s5)}
.s6{fill:var(--s6)}
.line{fill:none;stroke-width:1.8;stroke-linejoin:round}
.line.s1{stroke:var(--s1)}.line.s2{stroke:var(--s2)}.line.s3{stroke:var(--s3)}
.line.s4{stroke:var(--s4)}
.line.s5{stroke:var(--s5)}.line.s6{stroke:var(--s6)}
.grid{stroke:var(--rule)}.axis{stroke:var(--axis)}.limit{stroke:var(--bad);stroke-dasharray:5 4}
.zone{fill:transparent}.zone:hover{fill:var(--axis);fill-opacity:.16}
svg .good{fill:var(--good)}svg .warn{fill:var(--warn)}svg .bad{fill:var(--bad)}
svg .none{fill:var(--none)}
.track{fill:var(--none)}
table{border-collapse:collapse;width:100%;font-size:14px}
caption{text-align:left;font-weight:600;font-size:15px;padding-bottom:8px}
th,td{text-align:left;padding:6px 12px 6px 0;border-bottom:1px solid var(--rule);vertical-align:top;
white-space:nowrap}
td.wrap{white-space:normal;min-width:150px}
th{color:var(--soft);font-weight:600;border-bottom-color:var(--axis)}
td.number,th.number{text-align:right;padding-right:20px;font-variant-numeric:tabular-nums}
tr:last-child td{border-bottom:0}
th button{all:unset;cursor:pointer}th button:focus-visible{outline:2px solid var(--s1);
outline-offset:2px}
th[aria-sort=ascending] button::after{content:" \25B4"}
th[aria-sort=descending] button::after{content:" \25BE"}
.state{display:inline-block;border-radius:4px;padding:0 7px}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}
.state.good{background:var(--goodbg)}.state.warn{background:var(--warnbg)}
.state.bad{background:var(--badbg)}
.state.rest{background:var(--none)}
.spark{display:inline-block;width:100px;vertical-align:middle}
.meter{display:inline-block;width:70px;vertical-align:middle;margin-right:8px}
code{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre{background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:9px 13px;
overflow-x:auto;margin:8px 0 16px}h3.part{margin:26px 0 6px}
footer{color:var(--soft);font-size:13px;margin-top:36px}
@media print{:root{color-scheme:light;--page:#fff;--card:#fff;--ink:#000;--soft:#444;--rule:#ccc;
--axis:#888;
--s1:#2f6fd6;--s2:#c8680f;--s3:#178a6a;--s4:#8452c4;--s5:#c23a67;--s6:#77780f;--good:#1c8a4c;
--warn:#b26a00;
--bad:#c62f36;--none:#dfe3e8;--goodbg:#fff;--warnbg:#fff;--badbg:#fff}
@page{size:A4 landscape;margin:12mm}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
body{font-size:11px}main{max-width:none;padding:0}nav{display:none}table{font-size:10px}
h2,h2+p,h3,h3+p,caption{break-after:avoid}
.figures,.figure,.chart,.short,thead,tr,svg{break-inside:avoid}.card{padding:10px 12px}
.scroll{overflow:visible}.scroll>svg{min-width:0}thead{display:table-header-group}
th,td{padding:3px 10px 3px 0}td.number,th.number{padding-right:12px}
td.wrap{min-width:90px;overflow-wrap:break-word}code{font-size:9px}
.figure b{font-size:19px}.figure{padding:8px 12px}.pair{grid-template-columns:1fr 1fr}
.meter{width:40px}.spark{width:70px}}
]]

-- Sorts what has no value last, in either direction.
local SCRIPT = [[
document.querySelectorAll("th button").forEach(function(button){
  button.addEventListener("click",function(){
    var head=button.parentNode,table=head.closest("table"),body=table.tBodies[0];
    var column=Array.prototype.indexOf.call(head.parentNode.children,head);
    var down=head.getAttribute("aria-sort")==="ascending";
    table.querySelectorAll("th").forEach(function(other){other.removeAttribute("aria-sort")});
    head.setAttribute("aria-sort",down?"descending":"ascending");
    var numeric=head.classList.contains("number")||head.dataset.sort==="number";
    Array.from(body.rows).sort(function(a,b){
      var x=a.cells[column].dataset.v,y=b.cells[column].dataset.v;
      if(x===undefined||y===undefined)return (x===undefined)-(y===undefined);
      var order=numeric?x-y:x.localeCompare(y,undefined,{numeric:true});
      return down?-order:order;
    }).forEach(function(row){body.appendChild(row)});
  });
});
]]

--- What the policy names a text by.
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

local function add(self, text)
  self.parts[#self.parts + 1] = text
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

--- A table that sorts by a click on a title. Cells are values, or say how they are: `{ value = 3,
--- state = "bad" }`. A column without any value is left out.
---@usage qdrant.report:page({ title = "Clusters" }):table("All", { { "name", "Name" } }, { { name = "search" } })
---@param title? string
---@param columns qdrant.report.Column[]
---@param rows table[]
---@return qdrant.report.Page
function Page:table(title, columns, rows)
  if #rows == 0 then
    return self:text((title and title .. ": " or "") .. "none")
  end
  local heads, lines, shown = {}, {}, {}
  for _, column in ipairs(columns) do
    local first
    for _, row in ipairs(rows) do
      if first == nil then
        first = row[column[1]]
      end
    end
    if first == nil then
      goto next
    elseif type(first) == "table" then
      first = first.value
    end
    local is_number = first ~= nil and type(select(2, markup.text(first))) == "number"
    shown[#shown + 1] = column
    heads[#heads + 1] = element("th", {
      scope = "col", class = column.number and "number" or false,
      ["data-sort"] = is_number and "number" or false,
    }, element("button", { type = "button" }, escape(column[2] or column[1])))
    ::next::
  end
  for i, row in ipairs(rows) do
    local cells = {}
    for k, column in ipairs(shown) do
      cells[k] = cell(row[column[1]], column)
    end
    lines[i] = element("tr", nil, cells)
  end
  return add(self, card(#rows <= 15 and "card short" or "card", nil, element("table", nil, {
    title and element("caption", nil, escape(title)) or "",
    element("thead", nil, element("tr", nil, heads)), element("tbody", nil, lines),
  })))
end

--- The titles of the sections.
---@usage qdrant.report:account({ "access" }):contents()
---@return string[]
function Page:contents()
  local titles = {}
  for i, section in ipairs(self.sections) do
    titles[i] = section.title
  end
  return titles
end

--- The whole page.
---@usage #qdrant.report:page({ title = "Clusters" }):html()
---@return string
function Page:html()
  local policy = ("default-src 'none'; style-src %s; script-src %s; base-uri 'none'; form-action "
    .. "'none'"):format(hash(STYLE), hash(SCRIPT))
  local links = {}
  for i, section in ipairs(self.sections) do
    links[i] = element("a", { href = "#" .. section.id }, escape(section.title))
  end
  return "<!doctype html>\n" .. element("html", { lang = "en" }, {
    "<head><meta charset=\"utf-8\">",
    ("<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">"):format(policy),
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
    "<meta name=\"referrer\" content=\"no-referrer\">",
    element("title", nil, escape(self.title)), "<style>", STYLE, "</style></head>\n<body><main>",
    element("header", nil, {
      element("h1", nil, escape(self.title)),
      self.subtitle and element("p", { class = "soft" }, escape(self.subtitle)) or "",
      #links > 1 and element("nav", nil, links) or "",
    }),
    "\n", table.concat(self.parts, "\n"), "\n",
    self.footer and element("footer", nil, escape(self.footer)) or "",
    "</main><script>", SCRIPT, "</script></body>",
  }) .. "\n"
end

--- Writes the page to a file; it is replaced whole or not at all.
---@usage qdrant.report:page({ title = "Clusters" }):write("/tmp/qcsh-report.html")
---@param path string
---@return qdrant.report.Page
function Page:write(path)
  fs.write(path, self:html())
  return self
end

return page
