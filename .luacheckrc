std = "lua54"
max_line_length = 100
max_comment_line_length = 200
-- These have settings, or refuse them.
globals = { "env", "log" }
read_globals = {
  "qdrant", "task", "json", "cli", "crypto", "csv", "fs", "http", "process",
  "library", "sandbox", "secret", "script", "term", "test", "time", "yaml",
}
-- These set up what the others find.
files["stdlib/host/boot.lua"] = { globals = { "__host" } }
files["stdlib/host/boot"] = {
  globals = { "library", "script", "arg", "require", "dofile", "loadfile", "io", "math", "os", "package" },
}
-- Specs have the words of busted.
files["Tests/Lua"] = { std = "+busted" }
