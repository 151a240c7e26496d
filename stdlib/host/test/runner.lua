--- Runs spec files in the order of busted: the body of a group runs when its turn comes, then what it has
--- declared, in that order.
local host = ...

local contexts = host.part("test.context")
local failures = host.part("test.failures")
local new_events = host.part("test.events")

---@class test.Runner
---@field context table
---@field events table
---@field report fun(result: table)
---@field seed integer of the order of specs that are shuffled
local Runner = {}
Runner.__index = Runner

--- The words of specs, by what they declare.
local words = {
  describe = "describe", context = "describe", insulate = "describe", expose = "describe",
  it = "it", spec = "it", test = "it", pending = "pending",
  before_each = "before_each", after_each = "after_each",
  setup = "strict_setup", teardown = "strict_teardown",
  lazy_setup = "lazy_setup", lazy_teardown = "lazy_teardown",
  strict_setup = "strict_setup", strict_teardown = "strict_teardown",
}
local modes = { insulate = "insulate", expose = "expose" }
local is_run = host.names "file describe it pending"

--- A run that nothing has been declared in.
---@param options { report: fun(result: table), is_wanted: fun(name: string, kind: string): boolean, seed: integer, is_shuffled: boolean }
---@return test.Runner
function Runner.new(options)
  local self = setmetatable({
    context = contexts.new(), events = new_events(), report = options.report,
    is_wanted = options.is_wanted, seed = options.seed, is_shuffled = options.is_shuffled,
    has_shuffled = false,
  }, Runner)
  self.words = {}
  for word in next, words do
    self.words[word] = function(name, body)
      -- A tail call: the code that uses the word is next to `declare`.
      return self:declare(word, name, body, 2)
    end
  end
  return self
end

-- Declaring -----------------------------------------------------------------------------------

function Runner:attach(element)
  local kind = element.kind
  if element.name ~= nil and (kind == "it" or kind == "pending" or kind == "describe") then
    local outer = contexts.full_name(self.context.current)
    local name = (outer == "" and "" or outer .. " ") .. tostring(element.name)
    if not self.is_wanted(name, kind) then
      return
    end
  end
  if is_run[kind] then
    self.context:attach(element)
  else
    element.parent = self.context.current
    local hooks = self.context.current.hooks
    hooks[kind] = hooks[kind] or {}
    table.insert(hooks[kind], element)
  end
end

--- Declares what a word of specs stands for; without a body, it returns a function that takes one.
---@param word string
---@param name any
---@param body? any
---@param level integer of the code that uses the word
function Runner:declare(word, name, body, level)
  if self.context.current.is_closed then
    error(("'%s' not supported inside current context block"):format(word), 2)
  end
  local kind = words[word]
  if body == nil and type(name) == "function" then
    name, body = kind ~= word and word or nil, name
  end
  local info = debug.getinfo(level, "Sl")
  local is_hook = not is_run[kind]
  local element = contexts.element(kind, name, body, is_hook and "outside" or modes[word])
  element.place = info and ("%s:%d"):format(info.short_src, info.currentline) or "?"
  element.trace = info
  if body == nil and kind ~= "pending" then
    if kind ~= "it" then
      return function(later)
        element.run = later
        self:attach(element)
      end
    end
    -- A spec without a body is pending.
    element.kind = "pending"
    self:attach(element)
    return function(later)
      element.kind, element.run = "it", later
    end
  end
  self:attach(element)
end

-- Running -------------------------------------------------------------------------------------

--- Reports what happened outside of the body of a spec.
function Runner:report_problem(kind, element, problem)
  local word = kind:gsub("^strict_", "")
  local name = contexts.full_name(element)
  if kind == "file" then
    name = element.name
  elseif kind ~= "describe" then
    name = (contexts.full_name(element.parent) .. " " .. word):gsub("^ ", "")
  end
  self.report {
    kind = word, name = name, place = element.place or "?", status = "failed",
    message = failures.describe(problem), seconds = 0, file = contexts.file_of(element),
  }
end

--- Calls a function as that of an element. Returns "success", "failure", "pending" or "error", and the
--- problem.
function Runner:safe(kind, body, element)
  self.context:push(element)
  local ok, problem = xpcall(body, failures.problem)
  local status = "success"
  if not ok then
    problem = failures.problem(problem)
    status = problem.kind
    if status ~= "error" and status ~= "pending" and kind ~= "it" then
      status = "error"
    end
    self.events.publish({ status, element.kind }, element, element.parent,
      failures.describe(problem), {})
    if kind ~= "it" and status == "error" then
      self:report_problem(kind, element, problem)
    end
  end
  self.context:pop()
  return status, problem
end

--- Calls the subscribers to an event; returns whether none of them failed.
function Runner:tell(names, element, ...)
  local values = table.pack(...)
  return self:safe(names[1], function()
    self.events.publish(names, element, table.unpack(values, 1, values.n))
  end, element) == "success"
end

local function refuse(element, word)
  element.env[word] = function()
    error(("'%s' not supported inside current context block"):format(word), 2)
  end
end

--- Has nothing be declared inside of a spec or a hook.
local function close(element)
  element.is_closed = true
  refuse(element, "randomize")
end

function Runner:run_hook(kind, hook)
  close(hook)
  return self:safe(kind, hook.run, hook) == "success"
end

--- Runs the hooks of an element; whether all went well.
function Runner:run_hooks(kind, element)
  local all_well = true
  for _, hook in ipairs(element.hooks[kind] or {}) do
    all_well = self:run_hook(kind, hook) and all_well
  end
  return all_well
end

--- Runs hooks from the outermost element to the inner ones, up to those that fail; returns whether all
--- went well, and the last element whose hooks ran.
function Runner:run_hooks_inwards(kind, element)
  if element.parent then
    local all_well, last = self:run_hooks_inwards(kind, element.parent)
    if not all_well then
      return false, last
    end
  end
  return self:run_hooks(kind, element), element
end

function Runner:run_hooks_outwards(kind, element)
  while element do
    self:run_hooks(kind, element)
    element = element.parent
  end
end

--- Runs what is to be set up before the first spec, once.
function Runner:set_up_lazily(element)
  if element.parent and not self:set_up_lazily(element.parent) then
    return false
  end
  if element.is_set_up == nil then
    element.is_set_up = self:run_hooks("lazy_setup", element)
  end
  return element.is_set_up
end

function Runner:shuffle(elements, seed)
  self.has_shuffled = true
  math.randomseed(seed)
  for i = #elements, 2, -1 do
    local k = math.random(i)
    elements[i], elements[k] = elements[k], elements[i]
  end
end

--- Runs the body of a file or a group and what it declares.
function Runner:run_block(kind, element)
  local is_shuffled, seed = self.is_shuffled, self.seed
  element.env.randomize = function(...)
    local first, second = ...
    is_shuffled = select("#", ...) == 0 or first
    if is_shuffled then
      seed = math.tointeger(tonumber(first)) or math.tointeger(tonumber(second)) or seed
    end
  end
  if self:safe(kind, element.run, element) ~= "success" then
    return
  end
  if is_shuffled then
    element.randomseed = seed
    self:shuffle(element.children, seed)
  end
  if self:run_hooks("strict_setup", element) then
    self:run_children(element)
  end
  if element.is_set_up ~= nil then
    self:run_hooks("lazy_teardown", element)
  end
  self:run_hooks("strict_teardown", element)
end

--- Runs the body of a spec and the tasks that it starts, whose failures are its own.
local function run_body(body)
  local ok, problem = true, nil
  require("task").scope(function(scope)
    ok, problem = xpcall(body, failures.problem)
    if not ok then
      scope:cancel()
    end
  end)
  if not ok then
    error(problem, 0)
  end
end

--- The worse of two ends of a spec.
local function worse(status, other)
  return (status == "success" or status == "pending" and other ~= "success") and other or status
end

--- Runs the body of a spec whose hooks have run, and what is to be done finally.
function Runner:run_spec(element)
  local finally
  element.env.finally = function(body) finally = body end
  element.env.pending = failures.pending
  local started = host.monotonic()
  if not self:tell({ "test", "start" }, element, element.parent) then
    self:tell({ "test", "end" }, element, element.parent, "error")
    return
  end
  failures.explain(nil)
  local status, problem = self:safe("it", function() run_body(element.run) end, element)
  if finally then
    refuse(element, "pending")
    local other, other_problem = self:safe("it", finally, element)
    if worse(status, other) ~= status then
      status, problem = other, other_problem
    end
  end
  self:tell({ "test", "end" }, element, element.parent, status)
  self.report {
    kind = "spec", name = contexts.full_name(element), place = element.place,
    file = contexts.file_of(element),
    status = status == "success" and "passed" or status == "pending" and status or "failed",
    message = problem and failures.describe(problem), seconds = host.monotonic() - started,
  }
end

--- Runs each kind of element.
local executors = {}

function executors.file(self, element)
  if self:tell({ "file", "start" }, element) then
    self:run_block("file", element)
  end
  self:tell({ "file", "end" }, element)
end

function executors.describe(self, element)
  if self:tell({ "describe", "start" }, element, element.parent) then
    self:run_block("describe", element)
  end
  self:tell({ "describe", "end" }, element, element.parent)
end

function executors.pending(self, element)
  self:tell({ "test", "start" }, element, element.parent)
  self:tell({ "test", "end" }, element, element.parent, "pending")
  self.report {
    kind = "spec", name = contexts.full_name(element), place = element.place,
    file = contexts.file_of(element), status = "pending", seconds = 0,
  }
end

function executors.it(self, element)
  if not self:set_up_lazily(element.parent) then
    return
  end
  close(element)
  self.closers = {}
  local is_ready, last = self:run_hooks_inwards("before_each", element.parent)
  if is_ready then
    self:run_spec(element)
  end
  self:run_hooks_outwards("after_each", last)
  for i = #self.closers, 1, -1 do
    self:safe("finally", self.closers[i], element)
  end
  self.closers = nil
end

function Runner:run_children(element)
  for _, child in ipairs(element.children) do
    self:safe(child.kind, function() executors[child.kind](self, child) end, child)
  end
end

--- Runs files, each by itself.
---@param files { name: string, run: function }[]
function Runner:run(files)
  local root = self.context.root
  for _, file in ipairs(files) do
    self.context:attach(contexts.element("file", file.name, file.run, "insulate"))
  end
  if self:tell({ "suite", "start" }, root, 1, 1, self.seed) then
    self:run_children(root)
  end
  self:tell({ "suite", "end" }, root, 1, 1)
  self.events.publish({ "exit" })
end

return Runner
