--- The costs of an account.
local host = ...

local markup = require "qdrant.report.markup"

local cost = {}

local function amount(value, currency)
  return ("%.2f %s"):format(value, currency)
end

--- Gathers the facts: months, and the costs of one month by cluster, by kind of usage and by label, the
--- largest first. Discounts are deducted from amounts.
---@usage require("qdrant.report.cost").facts(qdrant, { month = "last month" }).total
---@async
---@param connection table
---@param options { month?: string, label?: string } month: "2026-10", "last month"; default: this month
---@return table
function cost.facts(connection, options)
  local costs = connection.costs
  local facts = {
    month = options.month or "this month", label = options.label, total = 0, discount = 0,
    months = costs:months(), clusters = costs:by("cluster", options.month),
    kinds = costs:by("kind", options.month),
    labels = options.label and costs:by("label:" .. options.label, options.month) or host.list(),
    invoices = host.list(),
  }
  local first = facts.clusters[1] or facts.months[1]
  facts.currency = first and first.currency or "USD"
  for _, row in ipairs(facts.clusters) do
    facts.total, facts.discount = facts.total + row.amount, facts.discount + row.discount
  end
  for _, row in ipairs(facts.clusters) do
    row.share = facts.total > 0 and row.amount / facts.total or 0
  end
  for i, invoice in ipairs(markup.optional(function() return costs:invoices() end) or {}) do
    facts.invoices[i] = {
      number = invoice.number ~= "" and invoice.number or nil, created_at = invoice.created_at,
      status = (invoice.status:gsub("^INVOICE_STATUS_", "")),
    }
  end
  return facts
end

--- Rows of costs as bars; the small ones of many rows become one bar.
local function bars(rows, currency)
  local list, rest = {}, { name = "others", value = 0, class = "none" }
  for i, row in ipairs(rows) do
    if i <= 12 then
      list[i] = { name = row.name, value = row.amount, text = amount(row.amount, currency) }
    else
      rest.value = rest.value + row.amount
    end
  end
  if rest.value > 0 then
    rest.text = amount(rest.value, currency)
    list[#list + 1] = rest
  end
  return list
end

local function figures(facts)
  local before = #facts.months > 1 and facts.months[#facts.months - 1]
  return {
    { facts.month, amount(facts.total, facts.currency) },
    { "discounts", amount(facts.discount, facts.currency) },
    { "clusters and spaces with costs", #facts.clusters },
    { before and before.month or "previous month",
      before and amount(before.amount, facts.currency) or "–" },
  }
end

local function month_columns(months)
  local columns = {}
  for i = math.max(1, #months - 23), #months do
    local month = months[i]
    columns[#columns + 1] = {
      name = month.month, value = month.amount, text = ("%.0f"):format(month.amount),
    }
  end
  return columns
end

--- Draws the facts as a section.
---@usage local cost = require "qdrant.report.cost" cost.draw(qdrant.report:page { title = "Costs" }, cost.facts(qdrant, {}))
---@param page qdrant.report.Page
---@param facts table what `facts` returned
function cost.draw(page, facts)
  local currency = facts.currency
  page:section("Costs", ("Details of %s. Discounts are deducted."):format(facts.month))
  page:figures(figures(facts))
  page:columns(("Months, in %s; the last one so far"):format(currency), month_columns(facts.months))
  page:beside(function()
    page:bars("By cluster", bars(facts.clusters, currency))
    page:bars("By kind", bars(facts.kinds, currency))
    page:bars("By label " .. (facts.label or ""), bars(facts.labels, currency))
  end)
  page:table("By cluster", {
    { "name", "Cluster" }, { "amount", "Amount", number = true },
    { "share", "Share", number = true }, { "discount", "Discount", number = true },
    { "hours", "Hours", number = true },
  }, facts.clusters, function(row)
    return {
      name = row.name, hours = math.floor(row.hours + 0.5),
      amount = { value = row.amount, text = amount(row.amount, currency) },
      discount = { value = row.discount, text = amount(row.discount, currency) },
      share = { value = row.share, text = ("%.1f %%"):format(row.share * 100) },
    }
  end)
  page:table("Invoices", { { "number", "Invoice" }, { "created_at", "Created" },
    { "status", "Status" } }, facts.invoices, function(invoice)
    local status = invoice.status
    return {
      number = invoice.number, created_at = invoice.created_at,
      status = { text = markup.short(status, ""), state = status == "PAID" and "good"
        or (status == "UNCOLLECTIBLE" or status == "OVERDUE") and "bad" or nil },
    }
  end)
end

return cost
