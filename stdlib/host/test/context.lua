--- The tree of a run: files, groups, specs and hooks, and the globals that each of them sees.
---
--- A global of a spec file is looked up in the innermost element that runs, then in those around it, then
--- among the globals of all. Files and `insulate` put the globals and `package.loaded` back when they end.
local script_globals = _G
local loaded = package.loaded

---@class test.Element
---@field kind string
---@field name? string
---@field run? function
---@field mode? string how globals are written: "insulate", "expose", "outside"
---@field parent? test.Element
---@field children test.Element[]
---@field env table<string, any>
---@field hooks table<string, test.Element[]>

local context = {}

--- A new tree.
function context.new()
  local self = { root = nil, current = nil, outer = {}, kept = {} }
  self.root = context.element("suite")
  self.current = self.root
  return setmetatable(self, { __index = context })
end

---@return test.Element
function context.element(kind, name, run, mode)
  return {
    kind = kind, name = name, run = run, mode = mode, children = {}, env = {}, hooks = {},
    -- As busted's elements are, for those who subscribe.
    descriptor = kind, attributes = { envmode = mode },
  }
end

function context:attach(element)
  element.parent = self.current
  table.insert(self.current.children, element)
end

--- Has what an element writes go to one further out.
local function write_outside(element, levels)
  local target = element
  for _ = 1, levels do
    target = target and target.parent
  end
  setmetatable(element.env, {
    __newindex = function(_, name, value)
      if target then
        target.env[name] = value
      else
        script_globals[name] = value
      end
    end,
  })
end

local function save()
  local kept = { metatable = getmetatable(script_globals), globals = {}, loaded = {} }
  for name, value in next, script_globals do
    kept.globals[name] = value
  end
  for name, module in next, loaded do
    kept.loaded[name] = module
  end
  return kept
end

local function restore(kept)
  setmetatable(script_globals, kept.metatable)
  for name in next, script_globals do
    rawset(script_globals, name, kept.globals[name])
  end
  for name, value in next, kept.globals do
    if rawget(script_globals, name) == nil then
      rawset(script_globals, name, value)
    end
  end
  for name in next, loaded do
    loaded[name] = kept.loaded[name]
  end
end

--- Makes an element the one that runs.
function context:push(element)
  if element ~= self.current then
    local kept = false
    if element.mode == "insulate" then
      kept = save()
    elseif element.mode == "outside" then
      write_outside(element, 1)
    elseif element.mode == "expose" then
      write_outside(element, 2)
    end
    table.insert(self.kept, kept)
  end
  table.insert(self.outer, self.current)
  self.current = element
end

function context:pop()
  local element = self.current
  self.current = table.remove(self.outer)
  if element == self.current then
    return
  end
  local kept = table.remove(self.kept)
  if element.mode == "expose" and self.kept[#self.kept] then
    self.kept[#self.kept] = save()
  end
  if kept then
    restore(kept)
  end
end

--- The globals of spec files.
function context:globals()
  local function find(element, name)
    if element then
      return element.env[name] or find(element.parent, name) or script_globals[name]
    end
  end
  return setmetatable({}, {
    __index = function(_, name)
      return find(self.current, name)
    end,
    __newindex = function(_, name, value)
      self.current.env[name] = value
    end,
  })
end

--- The names of the groups around an element and its own.
function context.full_name(element)
  local parts = {}
  while element and element.parent and element.kind ~= "file" do
    table.insert(parts, 1, tostring(element.name or element.kind))
    element = element.parent
  end
  return table.concat(parts, " ")
end

--- The file of an element.
function context.file_of(element)
  while element and element.kind ~= "file" do
    element = element.parent
  end
  return element and element.name
end

return context
