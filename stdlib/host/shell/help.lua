--- Describes anything that has a name.
local host = ...

--- The name of a host module's function, or of Lua's own.
local function name_of(value)
  for _, library in ipairs(host.shell_modules()) do
    local module = package.loaded[library] or rawget(_G, library)
    if module == value then
      return library
    end
    if type(module) == "table" then
      for name, inner in next, module do
        if inner == value then
          return library .. "." .. tostring(name)
        end
      end
    end
  end
  for _, library in ipairs(host.libraries) do
    local module = package.loaded["qdrant." .. library]
    local meta = getmetatable(module)
    local methods = type(meta) == "table" and rawget(meta, "methods")
    for name, inner in next, methods or type(module) == "table" and module or {} do
      if inner == value then
        return ("qdrant.%s%s%s"):format(library, methods and ":" or ".", tostring(name))
      end
    end
  end
  for name, inner in next, _G do
    if inner == value and type(name) == "string" and name ~= "_" and not name:find("^_%d$") then
      return name
    end
  end
end

--- The name that help is kept under, or a text about a value that has none.
return function(what)
  if type(what) == "string" then
    return what
  end
  local inspected
  if type(what) == "table" or type(what) == "userdata" then
    local meta = getmetatable(what)
    inspected = type(meta) == "table" and rawget(meta, "__name") or nil
  end
  if inspected == "method" then
    return what.name
  elseif inspected == "module" then
    return (tostring(what):gsub("^module ", ""))
  elseif type(inspected) == "string" and inspected:find("^[%a_]+%.[%w_.]+$") then
    return inspected
  end
  local name = name_of(what)
  if name then
    return name
  end
  return nil, host.shell_describe(what, inspected or type(what))
end
