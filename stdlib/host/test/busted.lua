--- The modules of busted that specs require.
local host = ...

local failures = host.part("test.failures")
local getinfo, load, throw = debug.getinfo, load, host.throw

--- Files next to the spec that asks for them.
local fixtures = {}

--- The path of a file, which is relative to that of the code that calls.
---@param path? string
---@param level integer
local function path_of(path, level)
  local source = getinfo(level + 1, "S").source:gsub("^@", "")
  local fs = require "fs"
  local folder = fs.folder(fs.resolve(source))
  return path and fs.resolve(fs.join(folder, path)) or folder
end

local function need(path, name, level, alternative)
  if type(path) ~= "string" then
    throw(("bad argument to '%s' expected a string (relative filename)%s, got: %s"):format(name,
      alternative or "", type(path)), level + 1)
  end
end

local function read(path, level)
  local name = path_of(path, level + 1)
  local ok, text = pcall(host.fs_read, name)
  if not ok then
    throw(("Error reading file '%s': %s"):format(name, failures.text(text)), level + 1)
  end
  return text
end

function fixtures.path(path)
  if path ~= nil then
    need(path, "path", 2, " or nil")
  end
  -- No tail call: the caller is looked for.
  local name = path_of(path, 2)
  return name
end

function fixtures.read(path)
  need(path, "read", 2)
  local text = read(path, 2)
  return text
end

function fixtures.load(path)
  need(path, "load", 2)
  local name = path:find("%.lua$") and path or path .. ".lua"
  local text = read(name, 2)
  local chunk, problem = load(text, name, "t", _G)
  if not chunk then
    throw(("Error loading code from '%s': %s"):format(name, problem), 2)
  end
  return chunk()
end

--- The modules for a run, by their names.
---@param run test.Runner
---@param words table<string, any> what specs see
return function(run, words)
  local api = setmetatable({
    version = "2.1.1", fail = failures.fail, subscribe = run.events.subscribe,
    unsubscribe = run.events.unsubscribe, publish = run.events.publish,
    gettime = function() return host.now() end, monotime = host.monotonic,
    sleep = function(seconds) require("task").sleep(seconds) end,
    parent = function(element) return element.parent end,
    children = function(element) return element.children end,
    bindfenv = function()
      throw("bindfenv is not supported: functions keep their globals", 2)
    end,
  }, { __index = words })
  local busted = setmetatable({}, {
    __index = api,
    __newindex = function()
      error("Attempt to modify busted", 2)
    end,
  })
  return {
    busted = busted, ["busted.fixtures"] = fixtures,
    -- A spec that runs itself is run already.
    ["busted.runner"] = function()
      return function() end
    end,
  }
end
