--- Reports on an account: facts as tables, and pages of HTML in single files that draw them.
local host = ...

local fs = require "fs"
local new_page = require("qdrant.report.page").new
local resource = require "qdrant.resource"
local time = require "time"

---@class qdrant.report
local Report = resource.module "report"

--- The kinds in their order: the module, the title, and the list of the facts that is the main one.
local KINDS = {
  { name = "health", title = "Health", rows = "clusters", module = require "qdrant.report.health" },
  { name = "inventory", title = "Inventory", rows = "clusters",
    module = require "qdrant.report.inventory" },
  { name = "cost", title = "Costs", rows = "clusters", module = require "qdrant.report.cost" },
  { name = "backups", title = "Backups", rows = "clusters",
    module = require "qdrant.report.backups" },
  { name = "access", title = "Access", rows = "users", module = require "qdrant.report.access" },
}

local function footer(self)
  return ("Created %s UTC from %s. Times are in UTC."):format(
    time.format(host.now(), "%Y-%m-%d %H:%M"), self.connection.session.endpoint)
end

local function account_name(self)
  local ok, account = pcall(function()
    return self.connection.accounts:find()
  end)
  return ok and account.name ~= "" and account.name or self.connection.session.account_id
end

--- A page of your own: sections, numbers, tables and charts are added to it.
---@usage qdrant.report:page { title = "Sizes" }:bars("Nodes", { { name = "search", value = 3 } }):html():find("search")
---@param options { title: string, subtitle?: string, footer?: string }
---@return qdrant.report.Page
function Report:page(options)
  options = resource.options(options, "report:page", "title subtitle footer")
  return new_page {
    title = options.title, subtitle = options.subtitle,
    footer = options.footer == nil and footer(self) or options.footer or nil,
  }
end

--- The kinds that a caller wants, in their order; all of them for an empty list.
local function wanted(kinds)
  local found, names = {}, {}
  for _, kind in ipairs(KINDS) do
    names[kind.name] = kind
  end
  -- People say it both ways.
  names.costs = names.cost
  for _, name in ipairs(kinds) do
    if not names[name] then
      local near = host.nearest_name(name, names)
      error(("unknown report \"%s\"%s; expected health, inventory, cost, backups or access")
        :format(tostring(name), near and ", did you mean \"" .. near .. "\"?" or ""), 3)
    end
    found[names[name]] = true
  end
  local list = {}
  for _, kind in ipairs(KINDS) do
    if #kinds == 0 or found[kind] then
      list[#list + 1] = kind
    end
  end
  return list
end

--- The facts of a kind. A kind that the credential may not read has the reason instead.
local function gather(self, kind, options)
  local ok, facts = pcall(kind.module.facts, self.connection, options)
  if ok then
    return facts
  elseif type(facts) == "table" and facts.code == "PERMISSION_DENIED" then
    return { denied = tostring(facts.message) }
  end
  error(facts, 0)
end

local function draw(page, kind, facts)
  if facts.denied then
    page:section(kind.title, "Not in this report: " .. facts.denied)
  else
    kind.module.draw(page, facts)
  end
  return page
end

--- A page about an account, without content.
local function headed(self, title)
  return self:page {
    title = title and account_name(self) .. ": " .. title or account_name(self),
    subtitle = ("Account %s, %s UTC"):format(self.connection.session.account_id,
      time.format(host.now(), "%Y-%m-%d %H:%M")),
  }
end

--- A page about one kind. Missing permissions are an error.
local function page_of(self, name, title, options)
  local kind = wanted({ name })[1]
  local page = headed(self, title)
  return draw(page, kind, kind.module.facts(self.connection, options))
end

--- The inventory: clusters, spaces and environments.
---@usage qdrant.report:inventory():write("/tmp/qcsh-inventory.html")
---@async
---@param options? { labels?: table, cloud?: string, region?: string }
---@return qdrant.report.Page
function Report:inventory(options)
  options = resource.options(options, "report:inventory", "labels cloud region")
  return page_of(self, "inventory", "inventory", options)
end

--- The costs, by month, cluster, kind, and a label.
---@usage qdrant.report:cost { label = "team" }
---@async
---@param options? { month?: string, label?: string }
---@return qdrant.report.Page
function Report:cost(options)
  options = resource.options(options, "report:cost", "month label")
  return page_of(self, "cost", "costs", options)
end

--- The backups, compared with a policy.
---@usage qdrant.report:backups { max_age = "26h", retention = "7d" }
---@async
---@param options? { max_age?: string|number|userdata, retention?: string|number|userdata, labels?: table, days?: integer }
---@return qdrant.report.Page
function Report:backups(options)
  options = resource.options(options, "report:backups", "max_age retention labels days")
  return page_of(self, "backups", "backup compliance", options)
end

--- Users with their roles, invitations, and keys.
---@usage qdrant.report:access()
---@async
---@return qdrant.report.Page
function Report:access()
  return page_of(self, "access", "access review", {})
end

--- The health of clusters, and their use of resources.
---@usage qdrant.report:health { since = "6h", charts = 2 }
---@async
---@param options? { labels?: table, since?: string|userdata, charts?: integer }
---@return qdrant.report.Page
function Report:health(options)
  options = resource.options(options, "report:health", "labels since charts")
  return page_of(self, "health", "health", options)
end

---@class qdrant.report.Options
---@field labels? table<string, string|boolean> of clusters
---@field cloud? string
---@field region? string
---@field month? string of the costs: "2026-10", "last month"
---@field label? string costs by this label, too
---@field max_age? string|number|userdata of a cluster's newest backup: "26h"
---@field retention? string|number|userdata how long backups are to be kept at least
---@field days? integer days of the calendar of backups
---@field since? string|userdata how far back measurements go: "6h"
---@field charts? integer of how many clusters

local OPTIONS = "labels cloud region month label max_age retention days since charts"

--- The facts of several kinds, by kind: tables that every encoder takes. Without kinds, all of them.
---@usage qdrant.report:facts({ "cost" }).cost.total
---@async
---@param kinds? string[] "health", "inventory", "cost", "backups", "access"
---@param options? qdrant.report.Options
---@return table<string, table>
function Report:facts(kinds, options)
  kinds = wanted(resource.list(kinds, "report:facts", "a list of kinds"))
  options = resource.options(options, "report:facts", OPTIONS)
  local facts = {}
  for _, kind in ipairs(kinds) do
    facts[kind.name] = gather(self, kind, options)
  end
  return facts
end

--- A value of a row for a format without tables: lists with commas, maps as key=value.
local function flat(value)
  if type(value) ~= "table" then
    return value
  end
  local texts = {}
  if #value > 0 or next(value) == nil then
    for i, item in ipairs(value) do
      texts[i] = tostring(item)
    end
  else
    for _, key in ipairs(host.sorted_keys(value)) do
      texts[#texts + 1] = value[key] == "" and key or key .. "=" .. tostring(value[key])
    end
  end
  return table.concat(texts, ", ")
end

--- The main list of one kind as flat rows, for CSV: clusters, or the users of "access".
---@usage #qdrant.report:rows("backups")
---@async
---@param kind string
---@param options? qdrant.report.Options
---@return table[]
function Report:rows(kind, options)
  local one = wanted({ kind })[1]
  options = resource.options(options, "report:rows", OPTIONS)
  local rows = host.list()
  for i, facts in ipairs(one.module.facts(self.connection, options)[one.rows]) do
    rows[i] = {}
    for key, value in pairs(facts) do
      if key ~= "day_counts" then
        rows[i][key] = flat(value)
      end
    end
  end
  return rows
end

--- Several kinds in one page; without kinds, all of them. A kind that the credential may not read has
--- the reason in its place.
---@usage qdrant.report:account({ "health", "cost" }):write("/tmp/qcsh-report.html")
---@async
---@param kinds? string[] "health", "inventory", "cost", "backups", "access"
---@param options? qdrant.report.Options
---@return qdrant.report.Page
function Report:account(kinds, options)
  kinds = wanted(resource.list(kinds, "report:account", "a list of kinds"))
  options = resource.options(options, "report:account", OPTIONS)
  local page = headed(self)
  for _, kind in ipairs(kinds) do
    draw(page, kind, gather(self, kind, options))
  end
  return page
end

--- Writes to standard output. As all targets of a page, it has `sink`, which takes a part, and `finish`.
local function standard_output()
  return {
    sink = function(text)
      io.stdout:write(text)
      io.stdout:flush()
    end,
    finish = function() end,
  }
end

--- Gathers a page for a device or a pipe, which must be written at once.
local function whole_file(path)
  local parts = {}
  return {
    sink = function(text)
      parts[#parts + 1] = text
    end,
    finish = function()
      fs.write(path, table.concat(parts))
    end,
  }
end

--- Writes to a file next to the path; `finish` renames it, `abandon` deletes it.
local function part_file(path)
  local part = path .. ".part"
  local file = {}
  fs.write(part, "")
  function file.sink(text)
    fs.append(part, text)
  end
  function file.abandon()
    pcall(fs.remove, part)
  end
  function file.finish()
    fs.rename(part, path)
    file.abandon = nil
  end
  return file
end

local Target = {}

function Target:__close()
  if self.abandon then
    self.abandon()
  end
end

--- The target of a page: a file, a device, or standard output for "-".
local function target(path)
  local file = path == "-" and standard_output()
    or host.fs_is_replaceable(path) and part_file(path) or whole_file(path)
  return setmetatable(file, Target)
end

--- Writes a page of several kinds while it reads: each part when its facts are complete. This takes
--- less memory than `account`, which a large account needs. The file is replaced at the end.
---@usage qdrant.report:write("/tmp/qcsh-report.html", { "inventory", "cost" })
---@async
---@param path string a file, or "-" for standard output
---@param kinds? string[] "health", "inventory", "cost", "backups", "access"
---@param options? qdrant.report.Options
---@return string[] titles of the sections
---@return integer bytes
function Report:write(path, kinds, options)
  kinds = wanted(resource.list(kinds, "report:write", "a list of kinds"))
  options = resource.options(options, "report:write", OPTIONS)
  local titles = host.list()
  for i, kind in ipairs(kinds) do
    titles[i] = kind.title
  end
  local file <close> = target(path)
  local bytes = 0
  local page = headed(self):open(function(text)
    bytes = bytes + #text
    file.sink(text)
  end, titles)
  for _, kind in ipairs(kinds) do
    draw(page, kind, gather(self, kind, options)):flush()
    -- The facts of one kind need not wait for the next collection.
    collectgarbage()
  end
  page:close()
  file.finish()
  return titles, bytes
end

return resource.default "report"
