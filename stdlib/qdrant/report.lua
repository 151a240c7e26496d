--- Reports as pages of HTML in single files: inventory, costs, whether
--- backups are there, who may do what, how clusters are.
local host = ...

local access = require "qdrant.report.access"
local backups = require "qdrant.report.backups"
local cost = require "qdrant.report.cost"
local health = require "qdrant.report.health"
local inventory = require "qdrant.report.inventory"
local new_page = require("qdrant.report.page").new
local resource = require "qdrant.resource"
local time = require "time"

---@class qdrant.report
local Report = resource.module "report"

--- The kinds in the order in which they stand, with their titles.
local KINDS = {
  { "health", "Health" }, { "inventory", "Inventory" }, { "cost", "Costs" },
  { "backups", "Backups" }, { "access", "Access review" },
}

local function footer(self)
  return ("Made %s UTC from %s. Times are in UTC."):format(
    time.format(host.now(), "%Y-%m-%d %H:%M"), self.connection.session.endpoint)
end

local function account_name(self)
  local ok, account = pcall(function()
    return self.connection.accounts:find()
  end)
  return ok and account.name ~= "" and account.name or self.connection.session.account_id
end

--- A page of one's own: sections, numbers, tables and charts are added to it.
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

--- Adds a kind to a page.
local function add(kind, page, connection, options)
  if kind == "health" then
    health.add(page, connection, options)
  elseif kind == "inventory" then
    inventory.add(page, connection, options)
  elseif kind == "cost" then
    cost.add(page, connection, options)
  elseif kind == "backups" then
    backups.add(page, connection, options)
  else
    access.add(page, connection)
  end
end

--- A page about an account, without content.
local function headed(self, title)
  return self:page {
    title = title and account_name(self) .. ": " .. title or account_name(self),
    subtitle = ("Account %s, %s UTC"):format(self.connection.session.account_id,
      time.format(host.now(), "%Y-%m-%d %H:%M")),
  }
end

--- What there is: clusters, spaces and environments.
---@usage qdrant.report:inventory():write("/tmp/qcsh-inventory.html")
---@async
---@param options? { labels?: table, cloud?: string, region?: string }
---@return qdrant.report.Page
function Report:inventory(options)
  options = resource.options(options, "report:inventory", "labels cloud region")
  local page = headed(self, "inventory")
  inventory.add(page, self.connection, options)
  return page
end

--- What it costs, by month, cluster, kind, and a label.
---@usage qdrant.report:cost { label = "team" }
---@async
---@param options? { month?: string, label?: string }
---@return qdrant.report.Page
function Report:cost(options)
  options = resource.options(options, "report:cost", "month label")
  local page = headed(self, "costs")
  cost.add(page, self.connection, options)
  return page
end

--- Whether backups are as they should be.
---@usage qdrant.report:backups { max_age = "26h", retention = "7d" }
---@async
---@param options? { max_age?: string|number, retention?: string|number, labels?: table, days?: integer }
---@return qdrant.report.Page
function Report:backups(options)
  options = resource.options(options, "report:backups", "max_age retention labels days")
  local page = headed(self, "backup compliance")
  backups.add(page, self.connection, options)
  return page
end

--- Who may do what, and which keys there are.
---@usage qdrant.report:access()
---@async
---@return qdrant.report.Page
function Report:access()
  local page = headed(self, "access review")
  access.add(page, self.connection)
  return page
end

--- How clusters are, and what they have used.
---@usage qdrant.report:health { since = "6h", charts = 2 }
---@async
---@param options? { labels?: table, since?: string, charts?: integer }
---@return qdrant.report.Page
function Report:health(options)
  options = resource.options(options, "report:health", "labels since charts")
  local page = headed(self, "health")
  health.add(page, self.connection, options)
  return page
end

---@class qdrant.report.Options
---@field labels? table<string, string|boolean> of clusters
---@field cloud? string
---@field region? string
---@field month? string of the costs: "2026-10", "last month"
---@field label? string costs by this label, too
---@field max_age? string|number of a cluster's newest backup: "26h"
---@field retention? string|number how long backups are to be kept at least
---@field days? integer how far back the calendar of backups goes
---@field since? string how far back measurements go: "6h"
---@field charts? integer of how many clusters

--- Several kinds in one page; all of them when none is named. One that the credential may not have
--- says so in its place.
---@usage qdrant.report:account({ "health", "cost" }):write("/tmp/qcsh-report.html")
---@async
---@param kinds? string[] "health", "inventory", "cost", "backups", "access"
---@param options? qdrant.report.Options what each of them takes
---@return qdrant.report.Page
function Report:account(kinds, options)
  kinds = resource.list(kinds, "report:account", "a list of kinds")
  options = resource.options(options, "report:account",
    "labels cloud region month label max_age retention days since charts")
  local wanted, titles = {}, {}
  for _, kind in ipairs(KINDS) do
    titles[kind[1]] = kind[2]
  end
  for _, kind in ipairs(kinds) do
    if not titles[kind] then
      local near = host.nearest_name(kind, titles)
      error(("there is no report \"%s\"%s; there are health, inventory, cost, backups and access")
        :format(tostring(kind), near and ", did you mean \"" .. near .. "\"?" or ""), 2)
    end
    wanted[kind] = true
  end
  local page = headed(self)
  for _, kind in ipairs(KINDS) do
    if next(wanted) == nil or wanted[kind[1]] then
      local ok, problem = pcall(add, kind[1], page, self.connection, options)
      if not ok and type(problem) == "table" and problem.code == "PERMISSION_DENIED" then
        page:section(kind[2], "Not in this report: " .. tostring(problem.message))
      elseif not ok then
        error(problem, 0)
      end
    end
  end
  return page
end

return resource.default "report"
