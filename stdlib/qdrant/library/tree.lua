--- A tree of libraries: a directory `lua_modules` in the layout of LuaRocks, and a file `qcsh.lock` with
--- each library's version, source and permissions.
local host = ...

local crypto = require "crypto"
local fs = require "fs"
local json = require "json"

local rockspec = require "qdrant.library.rockspec"

---@class qdrant.library.Tree
local Tree = {}
Tree.__index = Tree

local tree = {}

local FORMAT = 1

--- Whether a path stays in its directory.
local function is_inner(path)
  return type(path) == "string" and path ~= "" and path:sub(1, 1) ~= "/"
    and not ("/" .. path .. "/"):find("/%.%.?/") and not path:find("[%z\1-\31]")
end

--- A lock file comes with a project, from its author: it names files within the tree and
--- nothing else.
local function check_entry(file, name, entry)
  local function wrong(what)
    error(("%s is not a valid lock file: library %s %s"):format(file, tostring(name), what), 0)
  end
  for _, kind in ipairs { "files", "scripts" } do
    for path in pairs(entry[kind] or {}) do
      if not is_inner(path) or kind == "scripts" and path:gsub("^scripts/", ""):find("/") then
        wrong(("names %s, which is not a file of the tree"):format(tostring(path)))
      end
    end
  end
end

--- Opens the tree in a directory.
---@usage require("qdrant.library.tree").open("/tmp/none").libraries
---@param root string
---@return qdrant.library.Tree
function tree.open(root)
  local self = setmetatable({
    root = root, path = fs.join(root, "qcsh.lock"), libraries = {},
    modules = fs.join(root, "lua_modules/share/lua/5.4"),
    scripts = fs.join(root, "lua_modules/bin"),
  }, Tree)
  if fs.exists(self.path) then
    local text = fs.read(self.path)
    local problem = host.lock_problem(text)
    if problem then
      error(("%s is not a valid lock file: %s"):format(self.path, problem), 0)
    end
    local document = json.decode(text)
    for name, entry in pairs(document.libraries) do
      check_entry(self.path, name, entry)
    end
    self.libraries = document.libraries
  end
  return self
end

--- JSON in which a line is a fact, in an order that does not change by itself.
local function pretty(value, indent)
  if type(value) ~= "table" then
    return json.encode(value)
  end
  local inner, lines = indent .. "  ", {}
  if #value > 0 or next(value) == nil and json.encode(value) == "[]" then
    for i, item in ipairs(value) do
      lines[i] = pretty(item, inner)
    end
    return "[" .. table.concat(lines, ", ") .. "]"
  end
  for _, key in ipairs(host.sorted_keys(value)) do
    lines[#lines + 1] = ("%s%s: %s"):format(inner, json.encode(key), pretty(value[key], inner))
  end
  return #lines == 0 and "{}" or "{\n" .. table.concat(lines, ",\n") .. "\n" .. indent .. "}"
end

--- Writes the lock file; none stays when there is nothing.
function Tree:save()
  if next(self.libraries) == nil then
    if fs.exists(self.path) then
      fs.remove(self.path)
    end
    return
  end
  fs.mkdir(self.root)
  fs.write(self.path, pretty({ format = FORMAT, libraries = self.libraries }, "") .. "\n")
end

--- Where a script of a library is: a program in the tree's `bin`, a ready-made script in a directory
--- of its library's own.
local function script_file(self, library, name)
  if name:find("^scripts/") then
    return fs.join(self.root, "lua_modules/share/qcsh", library, name)
  end
  return fs.join(self.scripts, name)
end

local function hashes(texts)
  local result = {}
  for path, text in pairs(texts) do
    result[path] = crypto.sha256(text)
  end
  return result
end

--- A file in which texts are not what their hashes say; nil when there is none.
local function difference(known, texts)
  local now = hashes(texts)
  for path, hash in pairs(now) do
    if (known or {})[path] ~= hash then
      return path
    end
  end
  for path in pairs(known or {}) do
    if not now[path] then
      return path
    end
  end
end

--- A file in which a plan is not what the lock file says; nil when there is none.
---@param plan table
---@return string?
function Tree:difference(plan)
  local entry = self.libraries[plan.name] or {}
  return difference(entry.files, plan.files) or difference(entry.scripts, plan.scripts)
end

--- Whether a library is there as a plan has it.
---@param plan table
---@return boolean
function Tree:has(plan)
  local entry = self.libraries[plan.name]
  return entry ~= nil and entry.version == plan.version and self:difference(plan) == nil
    and self:state(plan.name) == "as added"
end

--- Raises an error when a file would take the place of another library's, or of one that came
--- otherwise.
---@param plan table
---@param force? boolean what came otherwise may be replaced
function Tree:check(plan, force)
  local owners = {}
  for name, entry in pairs(self.libraries) do
    for path in pairs(entry.files) do
      owners[path] = name
    end
  end
  for path in pairs(plan.files) do
    local owner = owners[path]
    if owner and owner ~= plan.name then
      error(("%s and %s both have %s: remove one of them first"):format(plan.name, owner, path), 0)
    elseif not owner and not force and fs.exists(fs.join(self.modules, path))
      -- An earlier run that was interrupted has written the same.
      and fs.read(fs.join(self.modules, path)) ~= plan.files[path] then
      error(("%s already exists and was not added by qcsh; use --force to replace it"):format(
        fs.join(self.modules, path)), 0)
    end
  end
end

local function remove_empty(folder, root)
  while #folder > #root and fs.exists(folder) and #fs.list(folder) == 0 do
    fs.remove(folder)
    folder = fs.folder(folder)
  end
end

--- The files of a library's entry or plan: paths, names in the list that they are from, and the list.
local function files_of(self, library, entry)
  local files = {}
  for path, value in pairs(entry.files or {}) do
    files[#files + 1] = { path = fs.join(self.modules, path), name = path, value = value,
      kind = "files" }
  end
  for name, value in pairs(entry.scripts or {}) do
    files[#files + 1] = { path = script_file(self, library, name), name = name, value = value,
      kind = "scripts" }
  end
  return files
end

local function remove_files(self, library, entry, but)
  for _, file in ipairs(files_of(self, library, entry)) do
    local kept = but and but[file.kind] and but[file.kind][file.name]
    if not kept and fs.exists(file.path) then
      fs.remove(file.path)
      remove_empty(fs.folder(file.path), self.root)
    end
  end
end

--- Writes the files of a plan.
---@param plan table
function Tree:write(plan)
  for path, text in pairs(plan.files) do
    local whole = fs.join(self.modules, path)
    fs.mkdir(fs.folder(whole))
    fs.write(whole, text)
  end
  for name, text in pairs(plan.scripts) do
    local file = script_file(self, plan.name, name)
    fs.mkdir(fs.folder(file))
    fs.write(file, text, { mode = tonumber("755", 8) })
  end
end

--- Puts a library in its place; files of another version are deleted.
---@param plan table
---@param why? string the library that it was added for
function Tree:install(plan, why)
  self:write(plan)
  local before = self.libraries[plan.name]
  if before then
    remove_files(self, plan.name, before, plan)
  end
  local dependencies = {}
  for i, dependency in ipairs(plan.dependencies) do
    dependencies[i] = dependency.text
  end
  self.libraries[plan.name] = {
    version = plan.version, source = plan.origin, files = hashes(plan.files),
    scripts = next(plan.scripts) and hashes(plan.scripts) or nil,
    needs = plan.needs, deletes = plan.deletes, script_needs = plan.script_needs,
    dependencies = #dependencies > 0 and dependencies or nil,
    ["for"] = why or before and before["for"] or nil,
  }
  self:save()
end

--- Notes that a library came from elsewhere, when it did.
---@param name string
---@param origin table
function Tree:move(name, origin)
  local entry = self.libraries[name]
  if entry and json.encode(entry.source) ~= json.encode(origin) then
    entry.source = origin
    self:save()
  end
end

--- Takes a library away, when it is there.
---@param name string
function Tree:remove(name)
  remove_files(self, name, self.libraries[name] or {})
  self.libraries[name] = nil
  self:save()
end

--- The libraries that need one.
---@param name string
---@return string[]
function Tree:dependents(name)
  local list = {}
  for other, entry in pairs(self.libraries) do
    for _, text in ipairs(entry.dependencies or {}) do
      if rockspec.dependency(text).name == name then
        list[#list + 1] = other
      end
    end
  end
  table.sort(list)
  return list
end

--- Whether the files of a library are what they were: "as added", "changed" or "missing".
---@param name string
---@return "as added"|"changed"|"missing"
function Tree:state(name)
  local entry = self.libraries[name]
  local state = entry and "as added" or "missing"
  for _, file in ipairs(files_of(self, name, entry or {})) do
    if not fs.exists(file.path) then
      return "missing"
    elseif crypto.sha256(fs.read(file.path)) ~= file.value then
      state = "changed"
    end
  end
  return state
end

--- The modules of a library, sorted.
---@param name string
---@return string[]
function Tree:modules_of(name)
  local list = {}
  for path in pairs((self.libraries[name] or { files = {} }).files) do
    list[#list + 1] = (path:gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", "."))
  end
  table.sort(list)
  return list
end

return tree
