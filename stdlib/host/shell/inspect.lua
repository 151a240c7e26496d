--- Looks at values without running anybody's code, for completion.
local host = ...

local getmetatable, rawget, next, type = getmetatable, rawget, next, type

local libraries = {}
for _, name in ipairs(host.libraries) do
  libraries[name] = true
end

--- The maximum number of names shown of a table.
local LIMIT = 2000

local function kind_of(value)
  local kind = type(value)
  if kind ~= "table" and kind ~= "userdata" then
    return kind
  end
  local meta = getmetatable(value)
  local name = type(meta) == "table" and rawget(meta, "__name")
  if type(meta) == "table" and type(rawget(meta, "methods")) == "table" then
    return rawget(meta, host.HANDLE) == true and "handle" or "resource", name
  elseif type(name) ~= "string" then
    return kind
  elseif name:find("^qdrant%.") or name:find("^google%.") then
    return "message", name
  end
  return name
end

--- The methods of a handle or of a module about what there is in an account.
local function methods_of(value)
  local meta = getmetatable(value)
  local methods = type(meta) == "table" and rawget(meta, "methods")
  return type(methods) == "table" and methods or nil
end

--- Modules that are loaded when they are first used: `qdrant.clusters`.
local function has_libraries(value)
  return value == package.loaded.qdrant or kind_of(value) == "connection"
end

--- A member of a value. Of the tables with a metatable only those of the host are asked.
local member
function member(value, name)
  local kind = kind_of(value)
  if kind == "string" then
    return string[name]
  elseif type(value) ~= "table" then
    return nil
  end
  if kind == "module" or kind == "session" or value == host.entries or value == _G then
    local ok, inner = pcall(function()
      return value[name]
    end)
    return ok and inner or nil
  end
  if (kind == "handle" or kind == "resource") and name == "connection" then
    return rawget(value, name)
  elseif kind == "handle" then
    local own = methods_of(value)[name]
    return own ~= nil and own or member(rawget(value, host.MESSAGE), name)
  elseif has_libraries(value) then
    for _, library in ipairs(host.libraries) do
      if library == name then
        return value[name]
      end
    end
  elseif value == _G and libraries[name] and rawget(_G, name) == nil then
    return require("qdrant")[name]
  end
  if name == "[1]" then
    return rawget(value, 1)
  end
  local own = rawget(value, name)
  if own ~= nil then
    return own
  end
  local meta = getmetatable(value)
  local index = methods_of(value) or type(meta) == "table" and rawget(meta, "__index")
  return type(index) == "table" and rawget(index, name) or nil
end

local function add_names(value, names, seen)
  for name, inner in next, value do
    if #names >= LIMIT then
      return
    end
    if type(name) == "string" and name:find("^[%a_][%w_]*$") and not seen[name] then
      seen[name] = true
      names[#names + 1] = { name = name, type = (kind_of(inner)) }
    end
  end
end

local inspect = {}

--- What a path of names leads to.
function inspect.value(path)
  local value = host.entries
  for _, name in ipairs(path) do
    value = member(value, name)
    if value == nil then
      return nil
    end
  end
  return value
end

--- What help knows the last name of a path by, when that is a field or a method of what stands before
--- it: `qdrant.Cluster:scale`, `qdrant.cloud.cluster.v1.Cluster.name`. Nil when it is neither.
function inspect.member_of(path)
  if #path < 2 then
    return nil
  end
  local holder = inspect.value(table.move(path, 1, #path - 1, 1, {}))
  local name = path[#path]
  local kind, type_name = kind_of(holder)
  if kind == "handle" or kind == "resource" then
    if methods_of(holder)[name] ~= nil then
      return type_name .. ":" .. name
    end
    type_name = kind == "handle" and select(2, kind_of(rawget(holder, host.MESSAGE))) or nil
  elseif kind ~= "message" then
    return nil
  end
  return type_name and type_name .. "." .. name
end

--- Describes the value of a path of names: its kind, what it is called, and the names in it.
function inspect.look(path)
  local value = inspect.value(path)
  if value == nil then
    return nil
  end
  local kind, name = kind_of(value)
  local class = name
  local names, seen = {}, {}
  if #path == 0 then
    add_names(host.entries, names, seen)
    add_names(_G, names, seen)
  elseif kind == "method" then
    name = value.name
  elseif kind == "module" then
    name = tostring(value):match("^module qdrant%.api%.?(.*)$")
  elseif kind == "session" then
    add_names({ account_id = "", context = "", endpoint = "", rest_endpoint = "", transport = "",
      credential = "" }, names, seen)
  elseif kind == "handle" then
    add_names(methods_of(value), names, seen)
    name = select(2, kind_of(rawget(value, host.MESSAGE)))
  elseif kind == "string" then
    add_names(string, names, seen)
  elseif type(value) == "table" and kind ~= "message" then
    add_names(value, names, seen)
    local meta = getmetatable(value)
    local index = methods_of(value) or type(meta) == "table" and rawget(meta, "__index")
    if type(index) == "table" then
      add_names(index, names, seen)
    end
    if has_libraries(value) then
      for _, library in ipairs(host.libraries) do
        if not seen[library] then
          names[#names + 1] = { name = library, type = "module" }
        end
      end
    end
  end
  local is_foreign = (kind == "handle" or kind == "resource")
    and rawget(value, "connection") ~= package.loaded.qdrant
  return { kind = kind, name = name, class = class, names = names, is_foreign = is_foreign }
end

return inspect
