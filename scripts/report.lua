#!/usr/bin/env qcsh
local args = script {
  about = "Writes an account's state as a page of HTML: health, inventory, costs, backups, access",
  args = {
    { "kinds", many = true, type = { "health", "inventory", "costs", "backups", "access" },
      about = "parts of the report; all of them when none is named" },
    { "--file", about = "the page; default: report.html; - for standard output" },
    { "--month", type = "month", about = "of the costs: 2026-10, \"last month\"" },
    { "--by-label", value = "name", about = "shows costs by this label, too" },
    { "--max-age", type = "duration", default = "26h", about = "of a cluster's newest backup" },
    { "--retention", type = "duration", about = "minimum retention of backups" },
    { "--since", type = "duration", default = "24h", about = "period of the measurements" },
  },
  needs = {
    "read:clusters", "read:backups", "read:backup_schedules", "read:api_keys", "read:users",
    "read:roles", "read:invites", "read:management_keys", "read:payment_information",
    "read:hybrid_cloud_environments", "read:serverless_spaces", "read:account",
    "write:files",
  },
  epilog = "Without --file, --output json, yaml and lua print the facts; csv and jsonl rows.",
}

local options = {
  month = args.month, label = args.by_label, max_age = args.max_age, retention = args.retention,
  since = args.since,
}
-- Programs that ask for data get the facts instead of a page.
local format = not args.file and cli.format() or nil
if format == "csv" or format == "jsonl" then
  if #args.kinds ~= 1 then
    cli.usage(("--output %s needs one kind, such as costs"):format(format))
  end
  return qdrant.report:rows(args.kinds[1], options)
elseif format and format ~= "table" and format ~= "wide" then
  return qdrant.report:facts(args.kinds, options)
end
local file = args.file or "report.html"
local titles, bytes = qdrant.report:write(file, args.kinds, options)
if file ~= "-" then
  return { { file = file, sections = table.concat(titles, ", "), bytes = bytes } }
end
