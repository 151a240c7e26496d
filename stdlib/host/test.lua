--- Specs as busted runs them: describe, it, before and after, luassert, spies, TAP and JUnit.
---
--- `qcsh test` runs files whose names end in `_spec.lua` or `_test.lua`. Specs for busted run
--- unchanged.
local host = ...

local test = {}

--- The run that is under way.
---@type test.Runner?
local run

--- Declares what a word of specs stands for.
local function declare(word, name, body)
  if not run then
    error(("test.%s is for specs, which qcsh test runs"):format(word), 3)
  end
  return run:declare(word, name, body, 3)
end

-- Words ---------------------------------------------------------------------------------------

--- Groups specs.
---@usage test.describe("a list", function() test.it("is empty", function() end) end)
---@param name string
---@param body? fun()
---@return fun(body: fun())? later takes the body when none is given
function test.describe(name, body)
  local later = declare("describe", name, body)
  return later
end

--- A spec; one without a body is still to be written.
---@usage test.describe("sums", function() test.it("add", function() assert(1 + 1 == 2) end) end)
---@param name string
---@param body? fun()
---@return fun(body: fun())? later takes the body when none is given
function test.it(name, body)
  local later = declare("it", name, body)
  return later
end

--- A spec that is still to be written: it is reported as pending. Inside a running spec, it ends that one.
---@usage test.describe("later", function() test.pending("not yet") end)
---@param name? string
---@param body? function
function test.pending(name, body)
  if run and run.context.current.kind == "it" then
    host.part("test.failures").pending(name)
  end
  declare("pending", name, body)
end

--- Runs a function once, before the first spec of a group.
---@usage test.describe("a group", function() test.setup(function() end) end)
---@param body function
function test.setup(body)
  declare("setup", body)
end

--- Runs a function once, after the last spec of a group.
---@usage test.describe("a group", function() test.teardown(function() end) end)
---@param body function
function test.teardown(body)
  declare("teardown", body)
end

--- Runs a function before each spec of a group.
---@usage test.describe("a group", function() test.before_each(function() end) end)
---@param body function
function test.before_each(body)
  declare("before_each", body)
end

--- Runs a function after each spec of a group, whether it passed or failed.
---@usage test.describe("a group", function() test.after_each(function() end) end)
---@param body function
function test.after_each(body)
  declare("after_each", body)
end

--- Runs a function when the current spec has ended, in place of one that was given before.
---@usage test.describe("files", function() test.finally(function() end) end)
---@param body function
function test.finally(body)
  local finally = run and rawget(run.context.current.env, "finally")
  if not finally then
    error("finally is for running specs", 2)
  end
  finally(body)
end

-- A sandbox for each spec ---------------------------------------------------------------------

local shared_sandbox

--- Creates a sandbox world for the current spec, in the state of the seed. It is deleted when the spec
--- ends.
---@usage test.describe("a world", function() local world = test.world() end)
---@param options? table options of sandbox.start; specs without options share one sandbox
---@return table world
function test.world(options)
  if not run or not run.closers then
    error("a world is for a running spec: call test.world in it or before_each", 2)
  end
  local sandbox = require "sandbox"
  local world
  if options then
    world = sandbox.start(options)
  else
    shared_sandbox = shared_sandbox or sandbox.start { speed = "instant", seed = "bare" }
    world = shared_sandbox:new_world()
  end
  table.insert(run.closers, function() world:close() end)
  return world
end

-- Running -------------------------------------------------------------------------------------

setmetatable(test, {
  -- Specs of busted may say `test` for `it`.
  __call = function(_, name, body)
    return declare("test", name, body)
  end,
})

--- Whether a spec or a group is to run, by its full name.
local function filter_of(options)
  local function has_one(name, tags)
    for tag in (tags or ""):gmatch("[^,]+") do
      -- A tag ends where its word does.
      if (name .. " "):find("#" .. tag:gsub("%p", "%%%0") .. "%f[^%w_%-]") then
        return true
      end
    end
    return false
  end
  return function(name, kind)
    if has_one(name, options.exclude_tags) then
      return false
    elseif kind == "describe" then
      return true
    end
    return (not options.filter or name:find(options.filter, 1, true) ~= nil)
      and (not options.tags or has_one(name, options.tags))
  end
end

--- The function that runs a file, with the globals of specs.
local function loader(path, globals)
  return function()
    -- Lua, too, skips a byte order mark in a file.
    local text = host.fs_read(path):gsub("^\xef\xbb\xbf", "")
    local chunk, problem = load(text, "@" .. path, "t", globals)
    if not chunk then
      error(problem, 0)
    end
    chunk()
  end
end

--- Runs files and reports each result.
local function run_files(paths, report, options)
  run = host.part("test.runner").new {
    report = report, is_wanted = filter_of(options), is_shuffled = options.shuffle == true,
    seed = options.seed or (host.random_seed() & 0xFFFFFFFF),
  }
  local done <close> = setmetatable({}, {
    __close = function()
      run = nil
      if shared_sandbox then
        shared_sandbox:close()
        shared_sandbox = nil
      end
    end,
  })
  local env = run.context.root.env
  for word, declares in next, run.words do
    env[word] = declares
  end
  env.test = test
  host.part("test.rocks").begin(env, {
    colour = options.colour == true, modules = host.part("test.busted")(run, env),
  })
  test.assert = env.assert
  local globals, files = run.context:globals(), {}
  for i, path in ipairs(paths) do
    files[i] = { name = path, run = loader(path, globals) }
  end
  run:run(files)
  local seed = run.has_shuffled and run.seed or nil
  local _ = done
  return seed
end

--- Loads a spec file and runs it. Each result goes to `report`.
---@usage test.run_file("spec/fleet_spec.lua", print)
---@async
---@param path string
---@param report fun(result: table)
---@param filter? string only specs whose full names have this
function test.run_file(path, report, filter)
  run_files({ path }, report, { filter = filter })
end

local function find_files(path, files)
  local info = host.fs_stat(host.fs_resolve(path))
  if not info then
    error(("no such file or directory: %s"):format(path), 0)
  end
  if info.type ~= "folder" then
    files[#files + 1] = path
    return
  end
  for _, name in ipairs(host.fs_list(path)) do
    local inner = path:gsub("/$", "") .. "/" .. name
    local inner_info = host.fs_stat(inner)
    if inner_info.type == "folder" and name:sub(1, 1) ~= "." then
      find_files(inner, files)
    elseif name:find("_spec%.lua$") or name:find("_test%.lua$") then
      files[#files + 1] = inner
    end
  end
end

--- The spec files at paths, or in the directory that is there.
local function files_of(paths)
  if #paths == 0 then
    for _, name in ipairs { "spec", "tests", "test" } do
      if host.fs_stat(name) then
        paths = { name }
        break
      end
    end
    if #paths == 0 then
      error("no directory spec, tests or test here; name the specs to run", 0)
    end
  end
  local files = {}
  for _, path in ipairs(paths) do
    find_files(path, files)
  end
  if #files == 0 then
    error("no specs (*_spec.lua, *_test.lua) in " .. table.concat(paths, ", "), 0)
  end
  return files
end

local script_os = _G.os

--- While specs run, os.exit is an error, since a spec that ends everything would hide the others;
--- what they print goes to standard error when a program reads what standard output has.
local function keep_going(is_read)
  local exit, write, output = os.exit, print, io.output()
  local function set_exit(value)
    -- Specs also call library code that ends the program.
    rawset(os, "exit", value)
    rawset(script_os, "exit", value)
  end
  set_exit(function()
    error("a spec called os.exit", 2)
  end)
  if is_read then
    io.output(io.stderr)
    rawset(_G, "print", function(...)
      local texts = table.pack(...)
      for i = 1, texts.n do
        texts[i] = tostring(texts[i])
      end
      io.stderr:write(table.concat(texts, "\t"), "\n")
    end)
  end
  return setmetatable({}, {
    __close = function()
      set_exit(exit)
      rawset(_G, "print", write)
      io.output(output)
    end,
  })
end

---@class test.Options
---@field format? "text"|"tap"|"junit"|"json"
---@field filter? string only specs whose full names have this text
---@field tags? string only specs with one of these tags, between commas
---@field exclude_tags? string no specs with one of these tags
---@field shuffle? boolean runs the specs of each file and group in a random order
---@field seed? integer the seed of that order
---@field output? string a file for the results

--- Runs files and directories of specs and reports the results. Returns whether none failed;
--- a filter or tags that choose none count as a failure.
---@usage test.run({ "spec" })
---@async
---@param paths string[] when empty, `spec`, `tests` or `test` in the current directory
---@param options? test.Options
---@return boolean
function test.run(paths, options)
  options = options or {}
  local files, format = files_of(paths), options.format or "text"
  local make = host.part("test.reporters")[format]
  if not make then
    error(("unknown format \"%s\"; expected text, tap, junit or json"):format(format), 0)
  end
  local written = {}
  local function out(text)
    if options.output then
      written[#written + 1] = text
    else
      io.stdout:write(text)
    end
  end
  local reporter = make(out)
  local counts = { passed = 0, failed = 0, pending = 0 }
  local started = host.monotonic()
  local kept <close> = keep_going(not options.output and format ~= "text")
  local seed = run_files(files, function(result)
    counts[result.status] = counts[result.status] + 1
    reporter.result(result)
  end, {
    filter = options.filter, tags = options.tags, exclude_tags = options.exclude_tags,
    shuffle = options.shuffle, seed = options.seed,
    colour = format == "text" and not options.output and require("term").has_colour(),
  })
  local _ = kept
  reporter.finish(counts, host.monotonic() - started, seed)
  if options.output then
    host.fs_write(options.output, table.concat(written), nil, false)
  end
  if counts.passed + counts.failed + counts.pending == 0 then
    local is_chosen = options.filter or options.tags or options.exclude_tags
    io.stderr:write("qcsh: no spec ran", options.filter and (": no name has \"%s\""):format(
      require("term").safe(options.filter)) or "", "\n")
    -- Files without specs are fine; a choice of none is a mistake.
    return not is_chosen
  end
  return counts.failed == 0
end

return test
