--- `qcsh lib new`, `add`, `list`, `update`, `remove`, `docs` and `pack`.
local host = ...

local fs = require "fs"
local process = require "process"
local term = require "term"

local docs = require "qdrant.library.docs"
local plan_of = require("qdrant.library.plan").of
local rockspec = require "qdrant.library.rockspec"
local scaffold = require "qdrant.library.scaffold"
local source = require "qdrant.library.source"
local tree_of = require("qdrant.library.tree").open

local function say(...)
  io.stderr:write(term.safe(table.concat({ ... })), "\n")
end

local function fail(text, ...)
  error(text:format(...), 0)
end

-- Trees ---------------------------------------------------------------------------------------

--- Whether the current directory is a project, which libraries are added to.
local function is_project()
  if fs.exists("qcsh.lock") or fs.exists("lua_modules") then
    return true
  end
  for _, name in ipairs(fs.list(".")) do
    if name:find("%.rockspec$") then
      return true
    end
  end
  return false
end

--- The tree that is meant, and how it is called.
local function tree_for(request)
  local place = request.place or (is_project() and "project" or "user")
  if place == "user" and not request.user then
    fail("HOME is not set; use --project to keep libraries here")
  end
  return tree_of(place == "project" and "." or request.user), place
end

--- The tree that has a library; an error names those that there are.
local function tree_with(request, name)
  local names = {}
  for _, place in ipairs { "project", "user" } do
    if (request.place or place) == place and (place == "project" or request.user) then
      local tree = tree_of(place == "project" and "." or request.user)
      if tree.libraries[name] then
        return tree, place
      end
      for other in pairs(tree.libraries) do
        names[other] = true
      end
    end
  end
  local near = host.nearest_name(name, names)
  fail("no library named \"%s\"%s", name, near and "; did you mean \"" .. near .. "\"?"
    or next(names) == nil and "; no library was added" or "; qcsh lib list shows all")
end

-- Permissions ---------------------------------------------------------------------------------

--- What a list has that a list before it did not have.
local function new_in(list, before)
  local known, fresh = {}, {}
  for _, need in ipairs(before or {}) do
    known[need] = true
  end
  for _, need in ipairs(list or {}) do
    if not known[need] then
      fresh[#fresh + 1] = need
    end
  end
  return fresh
end

--- Whether a library has code whose permissions no header limits, if its modules declare no needs.
local function has_free_code(plan)
  return #plan.modules > 0 or not plan.script_needs
end

--- What a plan asks for that a library was not granted before.
local function new_needs(plan, before)
  local fresh = new_in(plan.needs, before and before.needs)
  local grows = #fresh > 0 or plan.deletes and not (before and before.deletes)
    -- A library without a word about needs is as free as the script that uses it.
    or not plan.needs and has_free_code(plan) and (not before or before.needs)
    or #new_in(plan.script_needs, before and before.script_needs) > 0
  return fresh, grows
end

--- What a library may do, in one line; nil when it says nothing of that.
local function needs_text(entry)
  if not entry.needs then
    return nil
  end
  local text = table.concat(entry.needs, ", ")
  return (text == "" and "nothing" or text) .. (entry.deletes and ", delete" or "")
end

local function describe(plan, before)
  --- Needs as they are shown: those that come with this version are marked.
  local function shown(list, known)
    local fresh, texts = {}, {}
    for _, need in ipairs(before and new_in(list, known) or {}) do
      fresh[need] = true
    end
    for i, need in ipairs(list) do
      texts[i] = need .. (fresh[need] and " (new)" or "")
    end
    return #texts > 0 and table.concat(texts, ", ") or "nothing"
  end
  say(("%s %s%s, %s"):format(plan.name, before and before.version ~= plan.version
    and before.version .. " → " or "", plan.version, source.text(plan.origin)))
  if #plan.modules > 0 then
    say("  modules  ", table.concat(plan.modules, ", "))
  end
  for _, module in ipairs(plan.modules) do
    if host.is_reserved(module) then
      say("           scripts that require ", module, " get qcsh's module of this name")
    end
  end
  if next(plan.scripts) then
    say("  scripts  ", table.concat(host.sorted_keys(plan.scripts), ", "))
  end
  if plan.needs then
    say("  may      ", shown(plan.needs, before and before.needs),
      plan.deletes and (before and not before.deletes and ", delete (new)" or ", delete") or "")
  elseif has_free_code(plan) then
    say("  may      everything that the script that uses it may do",
      before and before.needs and " (new)" or "")
  end
  if plan.script_needs then
    say("  its scripts may  ", shown(plan.script_needs, before and before.script_needs))
  end
end

local function agree(request, plan, before)
  local _, grows = new_needs(plan, before)
  if request.yes or not grows then
    return
  elseif not term.is_terminal("stdin") then
    fail("not a terminal; use --yes to grant %s these permissions", plan.name)
  elseif not term.confirm("Grant these permissions?", false) then
    fail("%s was not added", plan.name)
  end
end

-- Adding --------------------------------------------------------------------------------------

local add

--- Whether this run updates a library, too, and has not done so yet.
local function will_be_updated(request, name, done)
  return request.updating and request.updating[name] and not done[name]
end

--- Raises an error when libraries that stay as they are could not use one as it would become.
local function check_dependents(request, tree, plan)
  for _, other in ipairs(tree:dependents(plan.name)) do
    for _, text in ipairs(tree.libraries[other].dependencies) do
      local dependency = rockspec.dependency(text)
      if dependency.name == plan.name and not rockspec.satisfies(plan.version, dependency)
        and not (request.updating and request.updating[other]) and not request.force then
        fail("%s %s is incompatible with %s, which needs %s: run qcsh lib update %s first",
          plan.name, plan.version, other, text, other)
      end
    end
  end
end

--- Adds what a library needs and is not there.
local function add_dependencies(request, tree, plan, done, rows)
  for _, dependency in ipairs(plan.dependencies) do
    local there = tree.libraries[dependency.name]
    if there and not rockspec.satisfies(there.version, dependency)
      and not will_be_updated(request, dependency.name, done) then
      fail("%s needs %s, but has %s: run qcsh lib update %s", plan.name, dependency.text,
        there.version, dependency.name)
    elseif not there and not done[dependency.name] then
      add(request, tree, {
        kind = "rock", name = dependency.name, server = request.server, dependency = dependency,
      }, done, rows, plan.name)
    end
  end
end

--- Adds one library; a row says what was done.
function add(request, tree, origin, done, rows, why)
  local folder <close> = fs.temporary()
  local package = source.fetch(origin, folder.path, tree.root)
  local before_for = tree.libraries[package.spec.package]
  why = why or before_for and before_for["for"]
  local plan = plan_of(package, why ~= nil)
  if origin.expected and origin.expected ~= plan.name then
    fail("%s is now library %s, expected %s", source.text(origin), plan.name, origin.expected)
  end
  done[plan.name] = true
  local before = tree.libraries[plan.name]
  local row = {
    name = plan.name, version = plan.version, modules = table.concat(plan.modules, ", "),
    needs = needs_text(plan),
  }
  if before and tree:has(plan) then
    tree:move(plan.name, plan.origin)
    row.action = "as it was"
    rows[#rows + 1] = row
    return plan
  end
  if before then
    check_dependents(request, tree, plan)
  end
  tree:check(plan, request.force)
  describe(plan, before)
  agree(request, plan, before)
  add_dependencies(request, tree, plan, done, rows)
  tree:install(plan, why)
  row.action = before and "updated" or "added"
  rows[#rows + 1] = row
  return plan
end

--- Puts everything of a lock file in its place, exactly as it was.
local function restore(tree)
  local rows = {}
  if next(tree.libraries) == nil then
    fail("%s not found; qcsh lib add SOURCE adds a library", tree.path)
  end
  for _, name in ipairs(host.sorted_keys(tree.libraries)) do
    local entry = tree.libraries[name]
    local row = { name = name, version = entry.version, action = "as it was" }
    if tree:state(name) ~= "as added" then
      local folder <close> = fs.temporary()
      local plan = plan_of(source.fetch(entry.source, folder.path, tree.root), entry["for"] ~= nil)
      local path = plan.name ~= name and "its name" or tree:difference(plan)
      if path then
        fail("%s: %s has changed since it was added: run qcsh lib update %s to accept the change",
          name, path, name)
      end
      tree:write(plan)
      row.action = "restored"
    end
    rows[#rows + 1] = row
  end
  return rows
end

-- Verbs ---------------------------------------------------------------------------------------

local verbs = {}

function verbs.new(request)
  local name = request.name
  if not name:find("^%a[%w_-]*$") or #name > 60 then
    fail("invalid library name \"%s\": use letters, digits, - and _, starting with a letter", name)
  end
  local module = scaffold.module(name)
  if host.is_reserved(module) then
    fail("\"%s\" is a module of qcsh: a library with this name would never be loaded", module)
  end
  local folder = request.folder or name
  if fs.exists(folder) and (fs.stat(folder).type ~= "folder" or #fs.list(folder) > 0) then
    fail("%s already exists and is not empty", folder)
  end
  local rows = {}
  for i, file in ipairs(scaffold.write(name, folder, request.about)) do
    rows[i] = { file = file }
  end
  say("created a library in ", folder, "; qcsh lib test runs its specs there")
  return rows
end

function verbs.add(request)
  local tree, place = tree_for(request)
  local rows
  if #request.sources == 0 then
    rows = restore(tree)
  else
    rows = {}
    local done = {}
    for _, text in ipairs(request.sources) do
      local origin = source.parse(text, request)
      if origin.path and place == "user" then
        origin.path = fs.resolve(origin.path)
      end
      add(request, tree, origin, done, rows)
    end
  end
  for _, row in ipairs(rows) do
    row.place = place
  end
  return rows
end

function verbs.list(request)
  local rows = {}
  for _, place in ipairs { "project", "user" } do
    if (request.place or place) == place and (place == "project" or request.user) then
      local tree = tree_of(place == "project" and "." or request.user)
      for _, name in ipairs(host.sorted_keys(tree.libraries)) do
        local entry = tree.libraries[name]
        rows[#rows + 1] = {
          name = name, version = entry.version, place = place, state = tree:state(name),
          modules = table.concat(tree:modules_of(name), ", "), needs = needs_text(entry),
          source = source.text(entry.source), ["for"] = entry["for"],
        }
      end
    end
  end
  return rows
end

function verbs.update(request)
  local rows, names = {}, request.names
  if #names == 0 then
    for _, row in ipairs(verbs.list(request)) do
      names[#names + 1] = row.name
    end
  end
  local done = {}
  request.updating = {}
  for _, name in ipairs(names) do
    request.updating[name] = true
  end
  for _, name in ipairs(names) do
    local tree, place = tree_with(request, name)
    local known = tree.libraries[name].source
    -- What it was exactly is not asked for again: the newest one is.
    local origin = {
      kind = known.kind, url = known.url, path = known.path, name = known.name, expected = name,
      server = request.server or known.server, ref = request.ref, version = request.ref,
    }
    -- A branch stays one.
    if known.kind == "git" and not request.ref and not tostring(known.ref):find("^v?%d") then
      origin.ref = known.ref
    end
    if not done[name] then
      local first = #rows + 1
      add(request, tree, origin, done, rows)
      for i = first, #rows do
        rows[i].place = place
      end
    end
  end
  return rows
end

function verbs.remove(request)
  local rows = {}
  for _, name in ipairs(request.names) do
    local tree, place = tree_with(request, name)
    local others = tree:dependents(name)
    if #others > 0 and not request.force then
      fail("%s is needed by %s; --force removes it anyway", name, table.concat(others, ", "))
    end
    rows[#rows + 1] = {
      name = name, version = tree.libraries[name].version, place = place, action = "removed",
    }
    tree:remove(name)
  end
  return rows
end

--- The library in a directory.
local function package_in(folder)
  local file, root = rockspec.find(folder)
  if not file then
    fail("%s has no rockspec: qcsh lib new creates a library", folder)
  end
  return { spec = rockspec.read(file), folder = root, file = file,
    origin = { kind = "folder", path = folder } }
end

--- Raises an error when modules of a library would not be installed with it, and names its links.
---@return string[] links
local function check_whole(package)
  local files, links = rockspec.left_out(rockspec.contents(package.spec, package.folder),
    package.folder)
  for _, path in ipairs(links) do
    say(path, " is left out: it is a link, which archives of libraries do not have")
  end
  local lines = {}
  for _, path in ipairs(host.sorted_keys(files)) do
    lines[#lines + 1] = ("  [\"%s\"] = \"%s\","):format(files[path], path)
  end
  if #lines > 0 then
    fail("build.modules of %s lacks files, which would not be installed; add these lines, or "
      .. "delete the list to have all files below lua installed:\n%s", package.file,
      table.concat(lines, "\n"))
  end
  return links
end

function verbs.check(request)
  if rockspec.find(request.folder) then
    local package = package_in(request.folder)
    check_whole(package)
    plan_of(package)
  end
  return {}
end

function verbs.docs(request)
  local package = package_in(request.folder or ".")
  local modules = rockspec.contents(package.spec, package.folder)
  local plan = plan_of(package)
  local file = request.out or fs.join(package.folder, "docs/index.html")
  fs.mkdir(fs.folder(file))
  docs.page(package, modules, plan.needs):write(file)
  for _, name in ipairs(docs.undocumented(package, modules)) do
    say(name, " has no documentation")
  end
  return { { file = file, modules = #plan.modules } }
end

--- Copies a package into a directory for the archive: hidden files, and those that came
--- from elsewhere, stays out.
local function stage(package, folder)
  local function copy(from, to)
    for _, name in ipairs(fs.list(from)) do
      local path = fs.join(from, name)
      local info = fs.stat(path)
      local is_out = name:sub(1, 1) == "." or name == "lua_modules" or name == "qcsh.lock"
        or name:find("%.rock$") or name:find("%.tar%.gz$")
      if info.type == "folder" and not is_out then
        copy(path, fs.join(to, name))
      elseif info.type == "file" and not is_out then
        fs.mkdir(to)
        fs.write(fs.join(to, name), fs.read(path), { mode = info.mode & tonumber("755", 8) })
      end
    end
  end
  copy(package.folder, folder)
end

function verbs.pack(request)
  local package = package_in(request.folder or ".")
  local links = check_whole(package)
  local plan = plan_of(package)
  local name = plan.name .. "-" .. plan.version
  local folder <close> = fs.temporary()
  local file
  if request.rock then
    -- LuaRocks makes its own form of it.
    local staged = folder / name
    stage(package, staged)
    process.run({ "luarocks", "--lua-version", "5.4", "make", "--pack-binary-rock", "--deps-mode",
      "none" }, { cwd = staged })
    file = name .. ".all.rock"
    fs.copy(fs.join(staged, file), file)
  else
    stage(package, folder / name)
    file = name .. ".tar.gz"
    -- The same content is the same archive.
    process.run { "tar", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner",
      "--mode=go=rX,u+rw", "--use-compress-program=gzip -n", "-cf", folder / file,
      "-C", folder.path, name }
    fs.copy(folder / file, file)
  end
  return { { file = file, version = plan.version,
    left_out = #links > 0 and table.concat(links, ", ") or nil,
    sha256 = require("crypto").sha256(fs.read(file)) } }
end

--- The order of columns for people.
local COLUMNS = { "name", "version", "action", "place", "state", "needs", "source", "file",
  "left_out" }

--- Runs a command; returns what is shown, nothing when it was shown already.
---@async
---@param request table
---@return table[]?
return function(request)
  local rows = verbs[request.verb](request)
  if request.output and request.output ~= "table" then
    return require("json").list(rows)
  elseif #rows == 0 then
    if request.verb ~= "check" then
      say("no libraries")
    end
    return nil
  end
  local columns = {}
  for _, name in ipairs(COLUMNS) do
    for _, row in ipairs(rows) do
      if row[name] ~= nil then
        columns[#columns + 1] = name
        break
      end
    end
  end
  print(term.table(rows, columns))
end
