#!/usr/bin/env qcsh
local args = script {
  about = "Shows the costs of a month, by cluster, by kind of usage, or by label",
  args = {
    { "--month", type = "month", default = "this month",
      about = "2026-10, \"this month\" or \"last month\"" },
    { "--by", default = "cluster", about = "cluster, kind or label:NAME" },
    { "--chart", type = "flag" },
  },
  needs = { "read:payment_information", "read:clusters" },
}

if args.by ~= "cluster" and args.by ~= "kind" and not args.by:find("^label:.") then
  cli.usage(("--by must be cluster, kind or label:NAME, got \"%s\""):format(args.by))
end
local rows = qdrant.costs:by(args.by, args.month)
if args.chart then
  local bars = {}
  for i, row in ipairs(rows) do
    bars[i] = { row.name, row.amount }
  end
  print(qdrant.plot.bars(bars, {
    format = function(value) return ("%.2f"):format(value) end,
    unit = rows[1] and " " .. rows[1].currency or "",
  }))
  return
end
for _, row in ipairs(rows) do
  for _, name in ipairs { "amount", "discount", "hours" } do
    row[name] = math.floor(row[name] * 100 + 0.5) / 100
  end
end
return rows
