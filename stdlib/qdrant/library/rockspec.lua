--- Rockspecs: the LuaRocks description of a package, as far as Lua libraries need it.
local host = ...

local fs = require "fs"

local schema = require "qdrant.library.schema"

local rockspec = {}

--- Parts of a version as numbers: "1.10.0-2" is 1, 10, 0, 2.
local function parts_of(version)
  local parts = {}
  for number in version:gmatch("%d+") do
    parts[#parts + 1] = tonumber(number)
  end
  return parts
end

--- Whether a version is older than another one: -1, 0 or 1.
---@usage require("qdrant.library.rockspec").compare("1.10-1", "1.9-1")
---@param a string
---@param b string
---@return integer
function rockspec.compare(a, b)
  local one, two = parts_of(a), parts_of(b)
  for i = 1, math.max(#one, #two) do
    local x, y = one[i] or 0, two[i] or 0
    if x ~= y then
      return x < y and -1 or 1
    end
  end
  return 0
end

--- Whether a version begins with the parts of another one: what `~>` asks for.
local function begins_with(version, wanted)
  local have = parts_of(version)
  for i, part in ipairs(parts_of(wanted)) do
    if (have[i] or 0) ~= part then
      return false
    end
  end
  return true
end

--- A dependency as it is written: "inspect >= 3.1, < 4".
---@usage require("qdrant.library.rockspec").dependency("inspect >= 3.1").name
---@param text string
---@return { name: string, constraints: { [1]: string, [2]: string }[], text: string }
function rockspec.dependency(text)
  local name, rest = text:match("^%s*([%w_.-]+)%s*(.*)$")
  if not name then
    error(("invalid dependency \"%s\""):format(text), 0)
  end
  local constraints = {}
  for part in rest:gmatch("[^,]+") do
    local operator, version = part:match("^%s*([<>=~]*)%s*([%w.-]+)%s*$")
    if not version then
      error(("invalid dependency \"%s\": \"%s\" has no version"):format(text, part), 0)
    end
    constraints[#constraints + 1] = { operator == "" and "==" or operator, version }
  end
  return { name = name, constraints = constraints, text = text }
end

--- Whether a version satisfies a dependency. The revision after the dash is ignored when the
--- dependency names none.
---@usage local r = require "qdrant.library.rockspec" r.satisfies("3.2-1", r.dependency("inspect >= 3.1"))
---@param version string
---@param dependency table
---@return boolean
function rockspec.satisfies(version, dependency)
  for _, constraint in ipairs(dependency.constraints) do
    local operator, wanted = constraint[1], constraint[2]
    local have = wanted:find("-", 1, true) and version or (version:gsub("%-%d+$", ""))
    local order = rockspec.compare(have, wanted)
    local holds
    if operator == "~>" then
      holds = begins_with(have, wanted)
    elseif operator == "==" or operator == "=" then
      holds = order == 0
    elseif operator == "~=" then
      holds = order ~= 0
    elseif operator == ">=" then
      holds = order >= 0
    elseif operator == "<=" then
      holds = order <= 0
    elseif operator == ">" then
      holds = order > 0
    elseif operator == "<" then
      holds = order < 0
    else
      error(("\"%s\": unknown operator %s"):format(dependency.text, operator), 0)
    end
    if not holds then
      return false
    end
  end
  return true
end

--- How many instructions a rockspec may take: it says what a package is, and computes nothing.
local INSTRUCTIONS = 1000000

--- Raises an error unless the path is a regular file: a link may lead anywhere, a pipe never ends.
local function check_file(path)
  local info = fs.stat(path)
  if info and info.type ~= "file" then
    error(("%s must be a regular file, got a %s"):format(path, info.type), 0)
  end
end

--- Reads a rockspec. It is a program, which gets nothing to work with.
---@usage pcall(require("qdrant.library.rockspec").read, "/none.rockspec")
---@param path string
---@return table
function rockspec.read(path)
  local values = {}
  check_file(path)
  local text = fs.read(path):gsub("^\xef\xbb\xbf", "")
  local chunk, problem = load(text, "@" .. path, "t", values)
  if not chunk then
    error(("%s is not a valid rockspec: %s"):format(path, problem), 0)
  end
  local ok, why = host.run_briefly(chunk, INSTRUCTIONS)
  if not ok then
    error(("%s is not a valid rockspec: %s"):format(path, tostring(why)), 0)
  end
  schema.check(path, values)
  for _, name in ipairs { "package", "version" } do
    if not values[name] then
      error(("%s has no %s"):format(path, name), 0)
    end
  end
  if not values.package:find("^[%w][%w._-]*$") then
    error(("%s: invalid package name \"%s\""):format(path, values.package), 0)
  end
  return values
end

--- The newest rockspec in a directory, in its `rockspecs`, or in its only subdirectory. Returns its path
--- and the directory that its paths are relative to; nil if there is none.
---@usage require("qdrant.library.rockspec").find("/tmp")
---@param folder string
---@return string?
---@return string?
function rockspec.find(folder)
  local best
  for _, place in ipairs { folder, fs.join(folder, "rockspecs") } do
    local info = fs.stat(place)
    for _, name in ipairs(info and info.type == "folder" and fs.list(place) or {}) do
      if name:find("%.rockspec$") then
        local version = name:match("(%d[%w.]*%-%d+)%.rockspec$") or "0"
        if not best or rockspec.compare(best.version, version) < 0 then
          best = { version = version, path = fs.join(place, name) }
        end
      end
    end
  end
  if best then
    return best.path, folder
  end
  local inner = {}
  for _, name in ipairs(fs.list(folder)) do
    local info = fs.stat(fs.join(folder, name))
    if info.type == "folder" and name:sub(1, 1) ~= "." then
      inner[#inner + 1] = fs.join(folder, name)
    end
  end
  if #inner == 1 then
    return rockspec.find(inner[1])
  end
end

--- Puts the Lua files below a directory into a table of modules.
local function collect(modules, folder, prefix, root)
  for _, name in ipairs(fs.list(fs.join(root, folder))) do
    local path = folder .. "/" .. name
    local info = fs.stat(fs.join(root, path))
    if info.type == "folder" then
      collect(modules, path, prefix .. name .. ".", root)
    elseif info.type == "file" and name:find("%.lua$") then
      local module = prefix .. name:gsub("%.lua$", "")
      modules[(module:gsub("%.init$", ""))] = path
    end
  end
end

--- The directories that modules are in: "lua/" for `a.b` in lua/a/b.lua; of modules next to the
--- rockspec, those of packages.
local function roots_of(modules)
  local roots = {}
  for module, path in pairs(modules) do
    local inner = module:gsub("%.", "/")
    local root = path:match("^(.-)" .. host.plain(inner) .. "%.lua$")
      or path:match("^(.-)" .. host.plain(inner) .. "/init%.lua$")
    if root == "" then
      local package = module:match("^[^.]+")
      roots[package .. "/"] = package .. "."
    elseif root then
      roots[root] = ""
    end
  end
  return roots
end

--- The files of a package that are not installed: Lua files next to its modules that the rockspec does
--- not list, with the names that they would have, and links, which are left out.
---@usage require("qdrant.library.rockspec").left_out({ ["a"] = "lua/a.lua" }, "/tmp")
---@param modules table<string, string> what `contents` returned
---@param folder string where the files are
---@return table<string, string> files modules by paths
---@return string[] links
function rockspec.left_out(modules, folder)
  local listed, found, links = {}, {}, {}
  for _, path in pairs(modules) do
    listed[path] = true
  end
  for root, prefix in pairs(roots_of(modules)) do
    local place = root:gsub("/$", "")
    if fs.exists(fs.join(folder, place)) then
      collect(found, place, prefix, folder)
    end
  end
  local files = {}
  for module, path in pairs(found) do
    files[path] = not listed[path] and module or nil
  end
  local function visit(place)
    for _, name in ipairs(fs.list(fs.join(folder, place))) do
      local path = place == "" and name or place .. "/" .. name
      local info = fs.stat(fs.join(folder, path))
      if name:sub(1, 1) == "." or name == "lua_modules" then
        goto continue
      elseif info.type == "folder" then
        visit(path)
      elseif info.type ~= "file" then
        links[#links + 1] = path
      end
      ::continue::
    end
  end
  visit("")
  table.sort(links)
  return files, links
end

--- Raises an error for a path that leads out of its package.
local function check_path(path, spec)
  if type(path) ~= "string" or path:sub(1, 1) == "/"
    or ("/" .. path .. "/"):find("/../", 1, true) then
    error(("%s: \"%s\" is not a path inside the package"):format(spec.package, tostring(path)), 0)
  end
end

--- What Lua itself has: never looked for in files.
local LUA = host.names "_G coroutine debug io math os package string table utf8"

--- The modules that a rockspec names, or those of the usual directories.
local function listed_modules(build, kind, folder)
  if fs.exists(fs.join(folder, "rock_manifest")) then
    -- A rock that is built already: its modules are as they are to be.
    local listed = {}
    if fs.exists(fs.join(folder, "lua")) then
      collect(listed, "lua", "", folder)
    end
    return listed
  elseif kind == "none" or build.modules then
    return kind ~= "none" and build.modules or {}
  end
  for _, name in ipairs { "src", "lua", "lib" } do
    local listed = {}
    if fs.exists(fs.join(folder, name)) then
      collect(listed, name, "", folder)
    end
    if next(listed) ~= nil then
      return listed
    end
  end
  return {}
end

--- Adds modules with their files.
local function add_modules(modules, list, spec)
  for module, path in pairs(list) do
    if type(path) ~= "string" or not path:find("%.lua$") then
      error(("%s: module %s is not Lua; native modules are not loaded"):format(spec.package,
        tostring(module)), 0)
    end
    if type(module) ~= "string" then
      module = path:gsub("^.*/", ""):gsub("%.lua$", "")
    end
    if not module:find("^[%w_][%w_.-]*$") or module:find("%.%.") or module:find("%.$") then
      error(("%s: invalid module name \"%s\""):format(spec.package, module), 0)
    end
    check_path(path, spec)
    modules[module] = path
  end
end

--- The scripts that a rockspec installs, by their names.
local function scripts_of(list, spec)
  local scripts = {}
  for name, path in pairs(list) do
    check_path(path, spec)
    name = type(name) == "string" and name or path:gsub("^.*/", "")
    if not name:find("^[%w_][%w_.-]*$") then
      error(("%s: invalid script name \"%s\""):format(spec.package, name), 0)
    end
    scripts[name] = path
  end
  return scripts
end

--- The ready-made scripts of a package, which `qcsh run` finds: the Lua files of its directory
--- `scripts`, by names like "scripts/report.lua".
local function ready_made(folder, spec)
  local place, scripts = fs.join(folder, "scripts"), {}
  local info = fs.stat(place)
  for _, name in ipairs(info and info.type == "folder" and fs.list(place) or {}) do
    local is_named = name:find("^[%w_][%w_.-]*%.lua$")
    if not is_named and name:find("%.lua$") and name:sub(1, 1) ~= "." then
      error(("%s: \"%s\" is not a valid script name: use letters, digits, - and _"):format(
        spec.package, name), 0)
    elseif is_named then
      scripts["scripts/" .. name] = "scripts/" .. name
    end
  end
  return scripts
end

--- The modules of a package with their files, and its scripts: programs by their names, ready-made
--- scripts by their paths.
---@usage pcall(require("qdrant.library.rockspec").contents, { package = "x", version = "1-1" }, "/tmp")
---@param spec table what `read` returned
---@param folder string where its files are
---@param is_inner? boolean whether other libraries alone use it: they get its modules whatever their names
---@return table<string, string> modules paths by module names
---@return table<string, string> scripts paths by names
function rockspec.contents(spec, folder, is_inner)
  local build = spec.build or {}
  local kind = build.type or "builtin"
  if kind ~= "builtin" and kind ~= "module" and kind ~= "none" then
    error(("%s is built by \"%s\": only pure Lua libraries can be added (build.type = "
      .. "\"builtin\"); for others use luarocks --tree lua_modules install %s"):format(
      spec.package, tostring(kind), spec.package), 0)
  end
  local install = build.install or {}
  local modules, scripts = {}, scripts_of(install.bin or {}, spec)
  add_modules(modules, listed_modules(build, kind, folder), spec)
  add_modules(modules, install.lua or {}, spec)
  for name, path in pairs(ready_made(folder, spec)) do
    scripts[name] = path
  end
  for _, list in ipairs { modules, scripts } do
    for _, path in pairs(list) do
      check_file(fs.join(folder, path))
    end
  end
  if next(modules) == nil and next(scripts) == nil then
    error(("%s has no modules: list them in build.modules of its rockspec"):format(spec.package), 0)
  end
  for module in pairs(modules) do
    if LUA[module] or host.is_reserved(module) and (not is_inner or module:find("^qdrant")) then
      error(("%s has a module \"%s\": this name belongs to qcsh, so it is never loaded"):format(
        spec.package, module), 0)
    end
  end
  return modules, scripts
end

return rockspec
