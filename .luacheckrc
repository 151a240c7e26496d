std = "lua54"
max_line_length = 100
max_comment_line_length = 200
-- These have settings, or refuse them.
globals = { "env", "log" }
-- The other host modules: one for each file, but for the one that sets them up.
read_globals = { "qdrant", "library", "script" }
local others = { boot = true, env = true, log = true }
for file in io.popen("ls stdlib/host"):lines() do
  local module = file:match("^(.*)%.lua$")
  if module and not others[module] then
    table.insert(read_globals, module)
  end
end
-- These set up what the others find.
files["stdlib/host/boot.lua"] = { globals = { "__host" } }
files["stdlib/host/boot"] = {
  globals = { "library", "script", "arg", "require", "dofile", "loadfile", "io", "math", "os", "package" },
}
-- Specs have the words of busted.
files["Tests/Lua"] = { std = "+busted" }
