#!/usr/bin/env qcsh
local args = script {
  about = "Exports the account's resources as HCL for Terraform, with import blocks",
  args = {
    { "file", about = "output file; default: standard output", required = false },
    { "--only", many = true, type = { "clusters", "backups", "spaces", "environments", "access" } },
    { "--force", type = "flag", about = "replaces an existing file" },
  },
  needs = { "read:clusters", "read:api_keys", "read:backups", "read:backup_schedules",
    "read:serverless_spaces", "read:roles", "read:users", "read:hybrid_cloud_environments",
    "read:files", "write:files" },
}

if args.file and not args.force and fs.exists(args.file) then
  error(args.file .. " already exists; use --force to replace it", 0)
end
local text = qdrant.terraform.export { only = #args.only > 0 and args.only or nil }
if args.file then
  fs.write(args.file, text)
  log.info("wrote " .. args.file .. "; terraform plan shows what importing would do")
else
  io.stdout:write(text)
end
