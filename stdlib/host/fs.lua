--- Files and directories. Errors name the path and the reason.
local host = ...

local fs = {}

--- The content of a file; "-" is standard input. A pipe is read to its end.
---@usage fs.write("/tmp/qcsh-example", "text") return fs.read("/tmp/qcsh-example")
---@async
---@param path string
---@return string
function fs.read(path)
  return host.fs_read(path)
end

--- Iterates over the lines of a file, without their line breaks and without a byte order mark.
---@usage for line in fs.lines("/etc/passwd") do io.write(#line, " ") end
---@async
---@param path string
---@return fun(): string?
function fs.lines(path)
  local text = host.fs_read(path)
  local position = text:find("^\xef\xbb\xbf") and 4 or 1
  return function()
    if position > #text then
      return nil
    end
    local line, after = text:match("([^\n]*)\n?()", position)
    position = after
    return (line:gsub("\r$", ""))
  end
end

--- Writes a file atomically: readers see the old content or the new one.
---@usage fs.write("/tmp/qcsh-example", "text")
---@param path string
---@param text string
---@param options? { mode?: integer, append?: boolean }
function fs.write(path, text, options)
  options = host.options(options, "fs.write", "mode append")
  host.fs_write(path, text, options.mode, options.append == true)
end

--- Appends to a file.
---@usage fs.append("/tmp/qcsh-example", "more\n")
---@param path string
---@param text string
function fs.append(path, text)
  host.fs_write(path, text, nil, true)
end

---@class fs.Info
---@field type "file"|"folder"|"link"|"other"
---@field size integer bytes
---@field mode integer
---@field modified userdata a time

--- Information about a path; nil when it does not exist.
---@usage fs.stat("/tmp").type
---@param path string
---@return fs.Info?
function fs.stat(path)
  return host.fs_stat(path)
end

--- Whether there is something at a path.
---@usage fs.exists("/tmp")
---@param path string
---@return boolean
function fs.exists(path)
  return host.fs_stat(path) ~= nil
end

--- The names in a directory, sorted.
---@usage fs.list("/usr")
---@param path? string
---@return string[]
function fs.list(path)
  return host.fs_list(path or ".")
end

--- Creates a directory and its missing parents.
---@usage fs.mkdir("/tmp/qcsh-example.d/inner")
---@param path string
function fs.mkdir(path)
  host.fs_mkdir(path)
end

--- Removes a file or an empty directory; with `recursive` a directory and its content.
---@usage fs.write("/tmp/qcsh-gone", "") fs.remove("/tmp/qcsh-gone")
---@param path string
---@param options? { recursive?: boolean }
function fs.remove(path, options)
  host.fs_remove(path, host.options(options, "fs.remove", "recursive").recursive == true)
end

--- Gives a file another name.
---@usage fs.write("/tmp/qcsh-a", "") fs.rename("/tmp/qcsh-a", "/tmp/qcsh-b")
---@param from string
---@param to string
function fs.rename(from, to)
  host.fs_rename(from, to)
end

--- Copies a file.
---@usage fs.write("/tmp/qcsh-a", "text") fs.copy("/tmp/qcsh-a", "/tmp/qcsh-b")
---@async
---@param from string
---@param to string
function fs.copy(from, to)
  local info = host.fs_stat(fs.resolve(from))
  host.fs_write(to, host.fs_read(from), info and info.mode, false)
end

--- Sets the permissions of a file.
---@usage fs.write("/tmp/qcsh-a", "") fs.chmod("/tmp/qcsh-a", 384)
---@param path string
---@param mode integer like tonumber("600", 8)
function fs.chmod(path, mode)
  host.fs_chmod(path, mode)
end

--- Creates a directory that is removed when the variable goes out of scope:
--- `local folder <close> = fs.temporary()`; `folder.path` and `folder / "name"` are its paths.
---@usage fs.temporary()
function fs.temporary()
  local path = host.fs_temporary()
  return setmetatable({ path = path }, {
    __name = "temporary directory",
    __tostring = function() return path end,
    __div = function(_, name) return path .. "/" .. name end,
    __close = function() host.fs_remove(path, true) end,
  })
end

--- The path without links and dots.
---@usage fs.resolve("~/x/../y")
---@param path string
---@return string
function fs.resolve(path)
  return host.fs_resolve(path)
end

--- The current working directory.
---@usage fs.cwd()
---@return string
function fs.cwd()
  return host.fs_cwd()
end

--- Joins parts of a path; an absolute part replaces those before it.
---@usage fs.join("backups", "2026", "a.json")
---@param ... string
---@return string
function fs.join(...)
  local path = ""
  for _, part in ipairs { ... } do
    if part:sub(1, 1) == "/" or path == "" then
      path = part
    elseif part ~= "" then
      path = path:gsub("/$", "") .. "/" .. part
    end
  end
  return path
end

--- The last part of a path.
---@usage fs.name("/tmp/a.json")
---@param path string
---@return string
function fs.name(path)
  return path:gsub("/+$", ""):match("[^/]*$")
end

--- The directory of a path; "." when it has none.
---@usage fs.folder("/tmp/a.json")
---@param path string
---@return string
function fs.folder(path)
  local folder = path:gsub("/+$", ""):match("^(.*)/[^/]*$")
  if folder == nil then
    return "."
  end
  return folder == "" and "/" or folder
end

--- The file extension, without its dot; nil when there is none.
---@usage fs.extension("/tmp/a.json")
---@param path string
---@return string?
function fs.extension(path)
  return fs.name(path):match("^.+%.([^.]+)$")
end

return fs
