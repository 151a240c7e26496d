#!/usr/bin/env qcsh
local args = script {
  about = "Writes an account's state as a page of HTML: health, inventory, cost, backups, access",
  args = {
    { "kinds", many = true,
      about = "health, inventory, cost, backups, access; all when none is named" },
    { "--file", default = "report.html" },
    { "--month", about = "of the costs: 2026-10, \"last month\"" },
    { "--by-label", value = "name", about = "costs by this label, too" },
    { "--max-age", type = "duration", default = "26h", about = "of a cluster's newest backup" },
    { "--retention", type = "duration", about = "how long backups are to be kept at least" },
    { "--since", default = "24h", about = "how far back the measurements go" },
  },
  needs = {
    "read:clusters", "read:backups", "read:backup_schedules", "read:api_keys", "read:users",
    "read:roles", "read:invites", "read:management_keys", "read:payment_information",
    "read:hybrid_cloud_environments", "read:serverless_spaces", "read:account", "read:booking",
    "write:files",
  },
}

local page = qdrant.report:account(args.kinds, {
  month = args.month, label = args.by_label, max_age = args.max_age, retention = args.retention,
  since = args.since,
})
page:write(args.file)
return {
  { file = args.file, sections = table.concat(page:contents(), ", "), bytes = #page:html() },
}
