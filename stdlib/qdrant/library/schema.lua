--- What a rockspec may have: LuaRocks' own format, for libraries of Lua.
local host = ...

local schema = {}

local TEXT, FLAG = "a string", "true or false"
--- Lists of strings, and tables of strings by any keys.
local TEXTS = { list = true }

--- A part whose keys are known; `platforms` changes it for some systems.
local function part(keys)
  keys.platforms = { any = true }
  return { keys = keys }
end

local DEPENDENCIES = { list = true, platforms = true }

local INSTALL = { keys = { lua = TEXTS, bin = TEXTS, lib = TEXTS, conf = TEXTS } }

local ROCKSPEC = { keys = {
  rockspec_format = TEXT, package = TEXT, version = TEXT,
  source = part { url = TEXT, tag = TEXT, branch = TEXT, md5 = TEXT, file = TEXT, dir = TEXT,
    module = TEXT, cvs_tag = TEXT, cvs_module = TEXT },
  description = { keys = { summary = TEXT, detailed = TEXT, homepage = TEXT, license = TEXT,
    maintainer = TEXT, labels = TEXTS, issues_url = TEXT } },
  supported_platforms = TEXTS,
  dependencies = DEPENDENCIES, build_dependencies = DEPENDENCIES, test_dependencies = DEPENDENCIES,
  external_dependencies = { any = true },
  build = part { type = TEXT, modules = { any = true }, install = INSTALL,
    copy_directories = TEXTS, patches = { any = true } },
  test = { any = true }, hooks = { any = true },
  deploy = part { wrap_bin_scripts = FLAG },
} }
-- Other types of build have keys of their own.
ROCKSPEC.keys.build.is_open = true

--- Raises an error unless a value has a form.
local function check(file, value, form, path)
  local function wrong(text, ...)
    error(("%s: "):format(file) .. text:format(...), 0)
  end
  if type(form) == "string" then
    local kind = form == FLAG and "boolean" or "string"
    if type(value) ~= kind then
      wrong("%s must be %s, got a %s", path, form, type(value))
    end
    return
  end
  if type(value) ~= "table" then
    wrong("%s must be a table, got a %s", path, type(value))
  end
  for key, inner in pairs(value) do
    local place = path == "" and tostring(key) or path .. "." .. tostring(key)
    if form.list then
      if type(inner) ~= "string" and not (form.platforms and key == "platforms") then
        wrong("%s must be a string, got a %s", place, type(inner))
      end
    elseif form.keys and form.keys[key] then
      check(file, inner, form.keys[key], place)
    elseif form.keys then
      local near = host.nearest_name(tostring(key), form.keys)
      if near or not form.is_open then
        wrong("unknown key \"%s\"%s", place, near and "; did you mean \"" .. near .. "\"?" or "")
      end
    end
  end
end

--- Raises an error for what a rockspec cannot have.
---@usage pcall(require("qdrant.library.schema").check, "x-1-1.rockspec", { package = 1 })
---@param file string
---@param spec table
function schema.check(file, spec)
  check(file, spec, ROCKSPEC, "")
end

return schema
