--- Plans: the files of a package with their texts, and the permissions and libraries that it needs.
local host = ...

local fs = require "fs"
local json = require "json"

local rockspec = require "qdrant.library.rockspec"

local plan = {}

--- Where the file of a module goes: `a/b.lua`, or `a/b/init.lua`.
local function target(module, path)
  local name = module:gsub("%.", "/")
  return ("/" .. path):find("/init%.lua$") and name .. "/init.lua" or name .. ".lua"
end

local function contains(list, value)
  for _, item in ipairs(list) do
    if item == value then
      return true
    end
  end
  return false
end

--- Adds the permissions that a file's header asks for to a list, each once.
local function add_needs(list, library, file, needs)
  for _, need in ipairs(needs) do
    if not need:find("^[%w_*]+:[%w_*]+$") and not need:find("^[%w_*]+:[%w_*]+=[%g]+$") then
      error(("%s: %s: \"%s\" is not a permission"):format(library, file,
        require("term").safe(need)), 0)
    elseif not contains(list, need) then
      list[#list + 1] = need
    end
  end
  return list
end

--- The header of a file, which must be Lua; nil when it has none.
local function header_of(library, file, text, kind)
  local compiles, problem = load(text:gsub("^#[^\n]*", ""), "@" .. file, "t")
  if not compiles then
    error(("%s: %s"):format(library, problem), 0)
  end
  local ok, header = pcall(host.script_header, text, kind)
  if not ok then
    error(("%s: %s: %s"):format(library, file, tostring(header)), 0)
  end
  return header
end

local function sorted(list)
  if list then
    table.sort(list)
    return json.list(list)
  end
end

local function add_modules(self, package, modules)
  local needs
  for _, module in ipairs(host.sorted_keys(modules)) do
    local text = fs.read(fs.join(package.folder, modules[module]))
    self.modules[#self.modules + 1] = module
    self.files[target(module, modules[module])] = text
    local header = header_of(self.name, modules[module], text, "library")
    if header and header.needs then
      needs = add_needs(needs or {}, self.name, modules[module], header.needs)
      self.deletes = self.deletes or header.deletes or nil
    end
  end
  self.needs = sorted(needs)
end

local function add_scripts(self, package, scripts)
  local needs
  for _, name in ipairs(host.sorted_keys(scripts)) do
    local text = fs.read(fs.join(package.folder, scripts[name]))
    self.scripts[name] = text
    if name:find("^scripts/") then
      local header = header_of(self.name, name, text, "script")
      if not header or not header.needs then
        error(("%s: %s must begin with script { needs = { … } }: a library's script has only the "
          .. "permissions that it declares"):format(self.name, name), 0)
      end
      needs = add_needs(needs or {}, self.name, name, header.needs)
      if header.deletes and not contains(needs, "delete") then
        needs[#needs + 1] = "delete"
      end
    end
  end
  self.script_needs = sorted(needs)
end

local function add_dependencies(self, texts)
  for _, text in ipairs(texts) do
    local dependency = rockspec.dependency(text)
    if dependency.name ~= "lua" then
      self.dependencies[#self.dependencies + 1] = dependency
    elseif not rockspec.satisfies("5.4", dependency)
      and not rockspec.satisfies("5.4.0", dependency) then
      error(("%s requires %s, but this is Lua 5.4"):format(self.name, text), 0)
    end
  end
end

--- The plan of a package. `needs` are the permissions of its modules, nil when none declares any;
--- `script_needs` those of its ready-made scripts.
---@usage pcall(require("qdrant.library.plan").of, { folder = "/none", spec = { package = "x", version = "1-1" } })
---@param package { folder: string, spec: table, origin?: table }
---@param is_inner? boolean whether other libraries alone use it
---@return table
function plan.of(package, is_inner)
  local modules, scripts = rockspec.contents(package.spec, package.folder, is_inner)
  local self = {
    name = package.spec.package, version = package.spec.version, origin = package.origin,
    summary = package.spec.description and package.spec.description.summary,
    files = {}, scripts = {}, modules = {}, dependencies = {},
  }
  add_modules(self, package, modules)
  add_scripts(self, package, scripts)
  add_dependencies(self, package.spec.dependencies or {})
  return self
end

return plan
