--- What an account has cost.
local markup = require "qdrant.report.markup"

local cost = {}

local function amount(value, currency)
  return ("%.2f %s"):format(value, currency)
end

--- Rows of costs as bars; those that are many and small are one.
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

--- Adds the section.
---@usage require("qdrant.report.cost").add(qdrant.report:page { title = "Costs" }, qdrant, {})
---@async
---@param page qdrant.report.Page
---@param connection table
---@param options { month?: string, label?: string } month: "2026-10", "last month"; this one when not given
function cost.add(page, connection, options)
  local costs = connection.costs
  local months = costs:months()
  local clusters = costs:by("cluster", options.month)
  local kinds = costs:by("kind", options.month)
  local labels = options.label and costs:by("label:" .. options.label, options.month) or {}
  local currency = clusters[1] and clusters[1].currency or months[1] and months[1].currency or "USD"
  local total, discount = 0, 0
  for _, row in ipairs(clusters) do
    total, discount = total + row.amount, discount + row.discount
  end
  local which = options.month or "this month"
  page:section("Costs", ("In detail: %s. Discounts are taken off."):format(which))
  local before = #months > 1 and months[#months - 1]
  page:figures {
    { which, amount(total, currency) }, { "discounts", amount(discount, currency) },
    { "clusters and spaces with costs", #clusters },
    { before and before.month or "the month before", before and amount(before.amount, currency)
      or "–" },
  }
  local columns = {}
  for i = math.max(1, #months - 23), #months do
    local month = months[i]
    columns[#columns + 1] = {
      name = month.month, value = month.amount, text = ("%.0f"):format(month.amount),
    }
  end
  page:columns(("Months, in %s; the last one so far"):format(currency), columns)
  page:beside(function()
    page:bars("By cluster", bars(clusters, currency))
    page:bars("By kind", bars(kinds, currency))
    page:bars("By label " .. (options.label or ""), bars(labels, currency))
  end)
  local rows = {}
  for i, row in ipairs(clusters) do
    rows[i] = {
      name = row.name, hours = math.floor(row.hours + 0.5),
      amount = { value = row.amount, text = amount(row.amount, currency) },
      discount = { value = row.discount, text = amount(row.discount, currency) },
      share = { value = row.amount, text = ("%.1f %%"):format(total > 0 and row.amount / total * 100
        or 0) },
    }
  end
  page:table("By cluster", {
    { "name", "Cluster" }, { "amount", "Amount", number = true },
    { "share", "Share", number = true }, { "discount", "Discount", number = true },
    { "hours", "Hours", number = true },
  }, rows)
  local invoices = {}
  for i, invoice in ipairs(markup.optional(function() return costs:invoices() end) or {}) do
    local status = invoice.status:gsub("^INVOICE_STATUS_", "")
    invoices[i] = {
      number = invoice.number ~= "" and invoice.number or nil, created = invoice.created_at,
      status = { text = markup.short(status, ""), state = status == "PAID" and "good"
        or (status == "UNCOLLECTIBLE" or status == "OVERDUE") and "bad" or nil },
    }
  end
  page:table("Invoices", { { "number", "Invoice" }, { "created", "Created" },
    { "status", "Status" } }, invoices)
end

return cost
