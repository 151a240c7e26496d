std = "lua54"
max_line_length = 100
read_globals = { "qdrant", "task", "json" }
-- The one file that sets up what the others find.
files["stdlib/host/boot.lua"] = { globals = { "__host", "arg", "require", "dofile", "os" } }
