--- Gates: Lua's own library reaches files, programs and the environment, too.
local host = ...

local load = load
-- The functions of scripts.
local _G, io, os = _G, io, os

--- Whether there are libraries whose functions are bound.
host.has_libraries = false

local OPENS, READS, WRITES, RENAMES, RUNS, TEMPORARY, ENVIRONMENT = 0, 1, 2, 3, 4, 5, 6

local are_closed = false
--- Has the host asked about every file, program and variable.
function host.close_gates()
  if are_closed then
    return
  end
  are_closed = true
  local permit = host.permit
  local function close(library, place, kinds)
    for name, kind in next, kinds do
      host.close_gate_of(library, name, kind, permit, place .. name)
    end
  end
  local own = host.own
  for _, world in next, { { _G, io, os }, rawget(own, "io") and { own, own.io, own.os } } do
    close(world[1], "", { loadfile = READS, dofile = READS })
    close(world[2], "io.", {
      open = OPENS, lines = READS, input = READS, output = WRITES, popen = RUNS,
      tmpfile = TEMPORARY,
    })
    close(world[3], "os.", {
      remove = RENAMES, rename = RENAMES, tmpname = TEMPORARY, execute = RUNS,
      getenv = ENVIRONMENT,
    })
  end
  host.set_gate(permit)
end

--- The whole text of what `load` takes: a text, or a function that gives it in pieces.
local function whole_text(chunk)
  if type(chunk) ~= "function" then
    return chunk
  end
  local pieces = {}
  for piece in chunk do
    if type(piece) ~= "string" then
      error("reader function must return a string", 0)
    elseif piece == "" then
      break
    end
    pieces[#pieces + 1] = piece
  end
  return table.concat(pieces)
end

-- What a bound library loads is bound as it is: it runs by the library's name, whatever name the
-- library gives it, and a file only as a module. These stand in place of Lua's own from the beginning:
-- whoever kept those would have a way out.
do
  local loadfile_of_all, dofile = _G.loadfile, _G.dofile

  function _G.load(chunk, name, mode, ...)
    if not host.has_libraries or not host.is_library() then
      return load(chunk, name, mode, ...)
    end
    local ok, text = pcall(whole_text, chunk)
    if not ok then
      return nil, text
    elseif type(text) ~= "string" then
      error(("bad argument #1 to 'load' (function expected, got %s)"):format(type(text)), 2)
    end
    local kept, source = host.library_chunk(text)
    return load(kept, source, mode, ...)
  end

  local function check_file()
    if host.has_libraries and host.is_library() then
      error("a library must load files with require, so that their permissions are known", 3)
    end
  end

  function _G.loadfile(...)
    check_file()
    return loadfile_of_all(...)
  end

  function _G.dofile(...)
    check_file()
    return dofile(...)
  end
end

if host.is_bounded() then
  -- It tells which files there are; require has its own.
  package.searchpath = nil
  host.close_gates()
elseif host.is_dry_run() then
  host.close_gates()
end
