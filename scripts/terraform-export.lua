#!/usr/bin/env qcsh
local args = script {
  about = "Writes what the account has as HCL for Terraform, with import blocks",
  args = {
    { "file", about = "where to; standard output when not given", required = false },
    { "--only", many = true, about = "clusters, environments or access" },
  },
  needs = { "read:clusters", "read:api_keys", "read:backup_schedules", "read:roles", "read:users",
    "read:hybrid_cloud_environments", "write:files" },
}

local text = qdrant.terraform.export { only = #args.only > 0 and args.only or nil }
if args.file then
  fs.write(args.file, text)
  log.info("wrote " .. args.file .. "; terraform plan shows what importing would do")
else
  io.stdout:write(text)
end
