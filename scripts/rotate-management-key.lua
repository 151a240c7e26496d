#!/usr/bin/env qcsh
local args = script {
  about = "Rotates a management key: verifies the new key before it deletes the old one",
  args = {
    { "prefix", about = "of the key to replace" },
    { "--file", required = true, about = "file for the new key, readable by you only" },
    { "--run", about = "command that gets the new key as input before the old one is deleted" },
    { "--yes", type = "flag" },
  },
  needs = { "read:management_keys", "write:management_keys", "delete:management_keys",
    "write:files", "run:processes", "connect:hosts" },
  deletes = true,
}

local old = qdrant.management_keys:find(args.prefix)
cli.confirm(("Rotate the key %s? Its users must switch to the new one."):format(old.prefix),
  args.yes)
local new = old:rotate {
  file = args.file,
  hand_over = args.run and function(made)
    if not qdrant.is_dry_run() then
      process.run({ "/bin/sh", "-c", args.run }, { input = made.key })
    end
  end,
}
if qdrant.is_dry_run() then
  return { { would_replace = old.prefix, would_write = args.file, would_run = args.run } }
end
return { { prefix = new.prefix, id = new.id, replaced = old.prefix, file = args.file } }
