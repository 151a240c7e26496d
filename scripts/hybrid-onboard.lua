#!/usr/bin/env qcsh
local args = script {
  about = "Creates a hybrid environment, connects the Kubernetes cluster, waits until it is ready",
  args = {
    { "name" }, { "--namespace", default = "qdrant" }, { "--storage-class" },
    { "--snapshot-class" }, { "--context", about = "of kubectl and helm" },
    { "--run", type = "flag", about = "runs the commands here instead of writing them to --file" },
    { "--file", default = "bootstrap.sh" }, { "--timeout", type = "duration", default = "30m" },
    { "--again", type = "flag", about = "creates new secrets; earlier ones stop working" },
    { "--no-wait", type = "flag" },
  },
  needs = { "read:hybrid_cloud_environments", "write:hybrid_cloud_environments",
    "write:management_keys", "run:processes", "read:files", "write:files" },
}

local environment
for _, one in ipairs(qdrant.environments:list()) do
  environment = one.name == args.name and one or environment
end
local is_new = not environment
if not args.run and is_new and not args.again and fs.exists(args.file) then
  error(args.file .. " already exists for another environment; use --again to replace it", 0)
elseif not args.run and not fs.exists(fs.folder(args.file)) then
  error("the directory of " .. args.file .. " does not exist", 0)
end
environment = environment or qdrant.environments:create {
  name = args.name, namespace = args.namespace, storage_class = args.storage_class,
  snapshot_class = args.snapshot_class,
}
local is_written = false
if environment:phase() ~= "READY" and not is_new and not args.again then
  -- The secrets that an earlier run has made may be on their way.
  log.warn(args.name .. " exists, but is not ready yet: waiting for the earlier set-up; use "
    .. "--again to create new secrets")
elseif environment:phase() ~= "READY" then
  -- Each call makes new secrets, so it is made once, and what it gave is used. The commands go to the
  -- Kubernetes cluster that is meant, whatever the current context is.
  local answer = environment:bootstrap()
  local lines = { "set -e" }
  if args.context then
    local context = process.quote(args.context)
    lines[2] = ("kubectl() { command kubectl --context %s \"$@\"; }"):format(context)
    lines[3] = ("helm() { command helm --kube-context %s \"$@\"; }"):format(context)
  end
  for _, command in ipairs(answer.commands) do
    lines[#lines + 1] = secret.is(command) and command:reveal() or command
  end
  local text = table.concat(lines, "\n") .. "\n"
  if args.run then
    process.run({ "/bin/sh", "-s" }, { input = text, stdout = "inherit", stderr = "inherit" })
  else
    fs.write(args.file, text, { mode = tonumber("600", 8) })
    is_written = true
    log.info("run sh " .. args.file .. " where kubectl reaches the cluster, then delete it")
  end
end
if not args.no_wait then
  environment:wait { timeout = args.timeout }
end
environment:refresh()
return { { name = environment.name, id = environment.id, phase = environment:phase(),
  file = is_written and args.file or nil } }
