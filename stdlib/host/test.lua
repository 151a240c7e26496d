--- Specs: describe, it, before and after, assertions in luassert's words, TAP and JUnit.
---
--- `qcsh test` runs files whose names end in `_spec.lua` or `_test.lua`. Specs for busted run
--- unchanged.
local host = ...

local test = {}

-- Collecting ----------------------------------------------------------------------------------

---@class test.Block
local function new_block(name, parent)
  return {
    name = name, parent = parent, entries = {}, setup = {}, teardown = {}, before_each = {},
    after_each = {},
  }
end

local root = new_block(nil, nil)
local current = root

local function need(value, kind, what, level)
  if type(value) ~= kind then
    error(("%s needs a %s, got a %s"):format(what, kind, type(value)), level + 1)
  end
end

--- Groups specs.
---@usage test.describe("a list", function() test.it("is empty", function() end) end)
---@param name string
---@param body fun()
function test.describe(name, body)
  need(name, "string", "describe", 2)
  need(body, "function", "describe", 2)
  local block = new_block(name, current)
  table.insert(current.entries, block)
  local outer = current
  current = block
  local ok, problem = xpcall(body, debug.traceback)
  current = outer
  if not ok then
    block.problem = problem
  end
end

--- A spec; one without a body is still to be written.
---@usage test.describe("sums", function() test.it("add", function() assert(1 + 1 == 2) end) end)
---@param name string
---@param body? fun()
function test.it(name, body)
  need(name, "string", "it", 2)
  if body ~= nil then
    need(body, "function", "it", 2)
  end
  local info = debug.getinfo(2, "Sl")
  table.insert(current.entries, {
    is_spec = true, is_pending = body == nil, name = name, body = body, block = current,
    place = info and ("%s:%d"):format(info.short_src, info.currentline) or "?",
  })
end

--- A spec that is still to be written: it is reported as pending.
---@usage test.describe("later", function() test.pending("not yet") end)
---@param name? string
---@param body? function
function test.pending(name, body)
  -- Inside a running spec it ends that one, as in busted.
  if test.running then
    error({ is_pending = true, reason = name }, 0)
  end
  table.insert(current.entries, {
    is_spec = true, is_pending = true, name = name or "pending", block = current, body = body,
    place = "?",
  })
end

local function add_hook(list, body)
  need(body, "function", list, 3)
  table.insert(current[list], body)
end

--- Runs a function once, before the first spec of a group.
---@usage test.describe("a group", function() test.setup(function() end) end)
---@param body function
function test.setup(body)
  add_hook("setup", body)
end

--- Runs a function once, after the last spec of a group.
---@usage test.describe("a group", function() test.teardown(function() end) end)
---@param body function
function test.teardown(body)
  add_hook("teardown", body)
end

--- Runs a function before each spec of a group.
---@usage test.describe("a group", function() test.before_each(function() end) end)
---@param body function
function test.before_each(body)
  add_hook("before_each", body)
end

--- Runs a function after each spec of a group, whether it passed or failed.
---@usage test.describe("a group", function() test.after_each(function() end) end)
---@param body function
function test.after_each(body)
  add_hook("after_each", body)
end

test.before, test.after = test.before_each, test.after_each
test.lazy_setup, test.lazy_teardown = test.setup, test.teardown
test.strict_setup, test.strict_teardown = test.setup, test.teardown
test.context, test.insulate, test.expose = test.describe, test.describe, test.describe
test.spec, test.test = test.it, test.it

--- Runs a function when the current spec has ended.
---@usage test.describe("files", function() test.finally(function() end) end)
---@param body function
function test.finally(body)
  need(body, "function", "finally", 2)
  if not test.running then
    error("finally is for running specs", 2)
  end
  table.insert(test.running.finally, body)
end

-- A sandbox for each spec ---------------------------------------------------------------------

local shared_sandbox

--- Creates a sandbox world for the current spec, in the state of the seed. It is deleted when the spec
--- ends.
---@usage test.describe("a world", function() local world = test.world() end)
---@param options? table options of sandbox.start; specs without options share one sandbox
---@return table world
function test.world(options)
  local sandbox = require "sandbox"
  if options then
    local own = sandbox.start(options)
    test.finally(function() own:close() end)
    return own
  end
  shared_sandbox = shared_sandbox or sandbox.start { speed = "instant", seed = "bare" }
  local world = shared_sandbox:new_world()
  test.finally(function() world:close() end)
  return world
end

test.assert = host.part("test.assertions")

-- Running -------------------------------------------------------------------------------------

local function chain_of(block)
  local blocks = {}
  while block do
    table.insert(blocks, 1, block)
    block = block.parent
  end
  return blocks
end

local function full_name(entry)
  local parts = {}
  for _, block in ipairs(chain_of(entry.block)) do
    if block.name then
      parts[#parts + 1] = block.name
    end
  end
  parts[#parts + 1] = entry.name
  return table.concat(parts, " ")
end

local function handler(problem)
  if type(problem) == "table" then
    local is_ours = problem.is_assertion or problem.is_pending
    if not is_ours and rawget(problem, "traceback") == nil then
      rawset(problem, "traceback", debug.traceback(nil, 2))
    end
    return problem
  end
  return { message = tostring(problem), traceback = debug.traceback(nil, 2) }
end

local function text_of(problem)
  local text = tostring(problem)
  if type(problem) == "table" and getmetatable(problem) == nil then
    text = problem.message or text
  end
  if type(problem) == "table" and problem.traceback then
    local lines = {}
    for line in problem.traceback:gmatch("[^\n]+") do
      -- Frames of this module and of C say nothing.
      if not line:find("^%s*%[") and not line:find("stack traceback") then
        lines[#lines + 1] = line
      end
    end
    if #lines > 0 then
      text = text .. "\n" .. table.concat(lines, "\n")
    end
  end
  return text
end

--- Runs the body of a spec and the tasks that it starts, whose failures are its own.
local function run_body(body)
  local ok, problem = true, nil
  require("task").scope(function(scope)
    ok, problem = xpcall(body, handler)
    if not ok then
      scope:cancel()
    end
  end)
  if not ok then
    error(problem, 0)
  end
end

--- Runs one spec with its hooks; the hooks after it run however it ends.
local function run_spec(entry)
  local blocks = chain_of(entry.block)
  test.running = { finally = {} }
  local first
  local function try(body)
    local ok, problem = xpcall(body, handler)
    if not ok and not first then
      first = problem
    end
    return ok
  end
  local ready = true
  for _, block in ipairs(blocks) do
    for _, body in ipairs(block.before_each) do
      ready = ready and try(body)
    end
  end
  if ready then
    try(function() run_body(entry.body) end)
  end
  for i = #test.running.finally, 1, -1 do
    try(test.running.finally[i])
  end
  for i = #blocks, 1, -1 do
    for _, body in ipairs(blocks[i].after_each) do
      try(body)
    end
  end
  test.running = nil
  return first
end

local function run_block(block, report, filter)
  if block.problem then
    report {
      name = block.name, place = "?", status = "failed", message = block.problem, seconds = 0,
    }
    return
  end
  local function all(list, what)
    for _, body in ipairs(list) do
      local ok, problem = xpcall(body, handler)
      if not ok then
        report {
          name = ((block.name or "") .. " " .. what):gsub("^ ", ""), place = "?",
          status = "failed", message = text_of(problem), seconds = 0,
        }
        return false
      end
    end
    return true
  end
  if all(block.setup, "setup") then
    for _, entry in ipairs(block.entries) do
      if not entry.is_spec then
        run_block(entry, report, filter)
      elseif not filter or full_name(entry):find(filter, 1, true) then
        local started = host.monotonic()
        local result = { name = full_name(entry), place = entry.place, status = "passed" }
        if entry.is_pending then
          result.status = "pending"
        else
          local problem = run_spec(entry)
          if type(problem) == "table" and problem.is_pending then
            result.status, result.message = "pending", problem.reason
          elseif problem ~= nil then
            result.status, result.message = "failed", text_of(problem)
          end
        end
        result.seconds = host.monotonic() - started
        report(result)
      end
    end
  end
  all(block.teardown, "teardown")
end

local words = { "describe", "context", "insulate", "expose", "it", "spec", "pending", "setup",
  "teardown", "before_each", "after_each", "before", "after", "lazy_setup", "lazy_teardown",
  "strict_setup", "strict_teardown", "finally" }

--- What a spec file sees: the words of this module as globals, `assert` with all of luassert's.
local function environment()
  local globals = setmetatable({ assert = test.assert }, { __index = _G })
  for _, word in ipairs(words) do
    globals[word] = test[word]
  end
  globals._G = globals
  return globals
end

--- Loads a spec file and runs it. Each result goes to `report`.
---@usage test.run_file("spec/fleet_spec.lua", print)
---@async
---@param path string
---@param report fun(result: table)
---@param filter? string only specs whose full names have this
function test.run_file(path, report, filter)
  root = new_block(nil, nil)
  current = root
  -- Lua, too, skips a byte order mark in a file.
  local text = host.fs_read(path):gsub("^\xef\xbb\xbf", "")
  local chunk, problem = load(text, "@" .. path, "t", environment())
  if not chunk then
    report { name = path, place = path, status = "failed", message = problem, seconds = 0 }
    return
  end
  local ok, found = xpcall(chunk, handler)
  if not ok then
    report { name = path, place = path, status = "failed", message = text_of(found), seconds = 0 }
    return
  end
  run_block(root, report, filter)
end

-- Reports -------------------------------------------------------------------------------------

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

--- Runs files and directories of specs and reports the results. Returns whether some ran and none failed.
---@usage test.run({ "spec" })
---@async
---@param paths string[] when empty, `spec`, `tests` or `test` in the current directory
---@param options? { format?: "text"|"tap"|"junit"|"json", filter?: string, output?: string }
---@return boolean
function test.run(paths, options)
  options = options or {}
  local files = {}
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
  for _, path in ipairs(paths) do
    find_files(path, files)
  end
  if #files == 0 then
    error("no specs (*_spec.lua, *_test.lua) in " .. table.concat(paths, ", "), 0)
  end
  local written = {}
  local function out(text)
    if options.output then
      written[#written + 1] = text
    else
      io.stdout:write(text)
    end
  end
  local make = host.part("test.reporters")[options.format or "text"]
  if not make then
    error(("unknown format \"%s\"; expected text, tap, junit or json"):format(options.format), 0)
  end
  local reporter = make(out)
  local counts = { passed = 0, failed = 0, pending = 0 }
  local started = host.monotonic()
  local kept <close> = keep_going(not options.output and (options.format or "text") ~= "text")
  for _, file in ipairs(files) do
    test.run_file(file, function(result)
      result.file = file
      counts[result.status] = counts[result.status] + 1
      reporter.result(result)
    end, options.filter)
  end
  if shared_sandbox then
    shared_sandbox:close()
    shared_sandbox = nil
  end
  local _ = kept
  reporter.finish(counts, host.monotonic() - started)
  if options.output then
    host.fs_write(options.output, table.concat(written), nil, false)
  end
  if counts.passed + counts.failed + counts.pending == 0 then
    io.stderr:write("qcsh: no spec ran", options.filter and (": no name has \"%s\""):format(
      require("term").safe(options.filter)) or "", "\n")
    return false
  end
  return counts.failed == 0
end

return test
