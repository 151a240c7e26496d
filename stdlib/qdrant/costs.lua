--- The account's usage and its costs.
local host = ...

local resource = require "qdrant.resource"
local settings = require "qdrant.resource.settings"
local time = require "time"

---@class qdrant.costs
local Costs = resource.module "costs"

--- Year and month of "2026-10", of "last month", or of now.
local function month_of(month)
  local now = time.fields(host.now())
  if month == nil or month == "this month" then
    return now.year, now.month
  elseif month == "last month" then
    return now.month == 1 and now.year - 1 or now.year, now.month == 1 and 12 or now.month - 1
  end
  local year, number = tostring(month):match("^(%d%d%d%d)%-(%d%d?)$")
  number = math.tointeger(tonumber(number))
  if not year or number < 1 or number > 12 then
    error(("month must be \"2026-10\", \"this month\" or \"last month\", got \"%s\""):format(
      tostring(month)), 3)
  end
  return math.tointeger(tonumber(year)), number
end

--- An amount without the rounding errors of sums.
local function cents(amount)
  return math.floor(amount * 10000 + 0.5) / 10000
end

--- The costs of each month, oldest first: { month, amount, currency }.
---@usage qdrant.costs:months()
---@async
---@return table[]
function Costs:months()
  local list = host.list()
  for i, item in ipairs(self.connection.api.metering.list_monthly_meterings({}).items) do
    list[i] = {
      month = ("%04d-%02d"):format(item.year, item.month), currency = item.currency,
      amount = item.amount_millicents / 100000,
    }
  end
  table.sort(list, function(a, b)
    return a.month < b.month
  end)
  return list
end

--- The lines of a month as the API has them.
---@usage qdrant.costs:lines("this month")
---@async
---@param month? string "2026-10", "last month"; this month when not given
---@return table[]
function Costs:lines(month)
  local year, number = month_of(month)
  return self.connection.api.metering.list_meterings { year = year, month = number }.items
end

--- The costs of a month by cluster, by kind of usage, or by label, most expensive first: { name,
--- amount, discount, hours, currency }. Discounts are already subtracted from the amount. Labels are
--- those that the cluster had when it was metered, or has now. Hours are node hours; by kind they are
--- the unit of that kind, tokens for example.
---@usage qdrant.costs:by("label:team", "this month")
---@async
---@param what "cluster"|"kind"|string "label:NAME" for a label
---@param month? string
---@return table[]
function Costs:by(what, month)
  resource.text(what, "costs:by", "\"cluster\", \"kind\" or \"label:NAME\"")
  local label = what:match("^label:(.+)$")
  if not label and what ~= "cluster" and what ~= "kind" then
    error(("costs:by expects \"cluster\", \"kind\" or \"label:NAME\", got \"%s\""):format(what), 2)
  end
  local labels = {}
  if label then
    for _, cluster in ipairs(self.connection.clusters:list { deleted = true }) do
      labels[cluster.id] = settings.map(cluster.labels)
    end
  end
  local rows, by_name = host.list(), {}
  for _, line in ipairs(self:lines(month)) do
    local name = line.cluster_name
    if what == "kind" then
      name = line.billable_entity_type
    elseif label then
      local had = line.cluster_labels[label]
      name = had or labels[line.cluster_id] and labels[line.cluster_id][label] or "(none)"
    end
    local row = by_name[name]
    if not row then
      row = { name = name, amount = 0, discount = 0, hours = 0, currency = line.currency }
      by_name[name] = row
      rows[#rows + 1] = row
    end
    local discount = line.discount_amount_millicents or 0
    row.amount = row.amount + (line.amount_millicents - discount) / 100000
    row.discount = row.discount + discount / 100000
    if what == "kind" or line.billable_entity_type:find("booking", 1, true) then
      row.hours = row.hours + line.usage_hours
    end
  end
  for _, row in ipairs(rows) do
    row.amount, row.discount = cents(row.amount), cents(row.discount)
  end
  table.sort(rows, function(a, b)
    if a.amount ~= b.amount then
      return a.amount > b.amount
    end
    return a.name < b.name
  end)
  return rows
end

--- The invoices.
---@usage qdrant.costs:invoices()
---@async
---@return table[]
function Costs:invoices()
  return self.connection.api.billing.list_invoices({}).items
end

--- The other accounts that this account pays for.
---@usage qdrant.costs:children()
---@async
---@return string[]
function Costs:children()
  return self.connection.api.billing.list_billing_account_children({}).child_account_ids
end

return resource.default "costs"
