#!/usr/bin/env qcsh
local args = script {
  about = "Makes a hybrid environment, connects the Kubernetes cluster, waits until it is ready",
  args = {
    { "name" }, { "--namespace", default = "qdrant" }, { "--storage-class" },
    { "--snapshot-class" }, { "--context", about = "of kubectl" },
    { "--run", type = "flag", about = "runs the commands here; else they are written to --file" },
    { "--file", default = "bootstrap.sh" }, { "--timeout", default = "30m" },
    { "--no-wait", type = "flag" },
  },
  needs = { "read:hybrid_cloud_environments", "write:hybrid_cloud_environments",
    "write:management_keys", "run:processes", "write:files" },
}

local environment
for _, one in ipairs(qdrant.environments:list()) do
  environment = one.name == args.name and one or environment
end
environment = environment or qdrant.environments:create {
  name = args.name, namespace = args.namespace, storage_class = args.storage_class,
  snapshot_class = args.snapshot_class,
}
if environment:phase() ~= "READY" then
  -- Each call makes new secrets, so it is made once, and what it gave is used.
  local answer = environment:bootstrap()
  if args.run then
    for _, command in ipairs(answer.commands) do
      process.run({ "/bin/sh", "-s" }, { input = command, stdout = "inherit",
        stderr = "inherit" })
    end
  else
    local lines = { "set -e" }
    for _, command in ipairs(answer.commands) do
      lines[#lines + 1] = type(command) == "userdata" and command:reveal() or command
    end
    fs.write(args.file, table.concat(lines, "\n") .. "\n", { mode = tonumber("600", 8) })
    log.info("run sh " .. args.file .. " where kubectl reaches the cluster, then delete it")
  end
end
if not args.no_wait then
  environment:wait { timeout = args.timeout }
end
environment:refresh()
return { { name = environment.name, id = environment.id, phase = environment:phase(),
  file = not args.run and args.file or nil } }
