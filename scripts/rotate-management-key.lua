#!/usr/bin/env qcsh
local args = script {
  about = "Makes a management key anew: the new one has to work before the old one is deleted",
  args = {
    { "prefix", about = "of the key that goes" },
    { "--file", required = true, about = "where the new one is written to, for you only" },
    { "--run", about = "a command that takes the key on its input, before the old one goes" },
    { "--yes", type = "flag" },
  },
  needs = { "read:account", "read:management_keys", "write:management_keys",
    "delete:management_keys",
    "write:files", "run:processes", "use:accounts", "connect:hosts" },
  deletes = true,
}

local old = qdrant.management_keys:find(args.prefix)
cli.confirm(("Make the key %s anew? Whoever uses it has to take the new one."):format(old.prefix),
  args.yes)
local new = old:rotate {
  file = args.file,
  hand_over = args.run and function(made)
    process.run({ "/bin/sh", "-c", args.run }, { input = made.key })
  end,
}
return { { prefix = new.prefix, id = new.id, replaced = old.prefix, file = args.file } }
