--- Sources of libraries: a directory, an archive, a Git repository, or LuaRocks.
local host = ...

local crypto = require "crypto"
local fs = require "fs"
local http = require "http"
local process = require "process"

local rockspec = require "qdrant.library.rockspec"

local source = {}

--- The most that is downloaded, in bytes.
local LARGEST = 64 << 20

local function run(argv, options)
  local ok, result = pcall(process.run, argv, options)
  if not ok then
    local text = type(result) == "table" and result.message or tostring(result)
    error(host.url_masked(("%s: %s"):format(argv[1], text)), 0)
  end
  return result
end

--- A path as it is found from everywhere.
local function absolute(path)
  return fs.resolve(path)
end

--- Unpacks an archive into a directory. Neither tar nor unzip leave it.
local function unpack(file, folder)
  if file:find("%.zip$") or file:find("%.rock$") then
    run { "unzip", "-q", "-o", file, "-d", folder }
  elseif file:find("%.tar%.%w+$") or file:find("%.tgz$") or file:find("%.tar$") then
    run { "tar", "-xf", file, "-C", folder }
  else
    error(("%s must be a .tar.gz, .tgz, .tar, .zip or .rock archive"):format(file), 0)
  end
end

--- The archive in a rock of sources.
local function unpack_inner(folder)
  local path = rockspec.find(folder)
  local spec = path and rockspec.read(path)
  local url = spec and spec.source and (spec.source.file or spec.source.url)
  local name = url and url:gsub("^.*/", "")
  if name and name:find("%.%w+$") and fs.exists(fs.join(folder, name))
    and fs.stat(fs.join(folder, name)).type == "file" then
    unpack(fs.join(folder, name), folder)
  end
end

local function fetch_archive(where, folder)
  local file = where
  if where:find("^https?://") then
    file = fs.join(folder, (where:gsub("[?#].*$", ""):gsub("^.*/", "")))
    local response = http.get(where, { limit = LARGEST, timeout = 300, check = true })
    fs.write(file, response.body)
  end
  local inner = fs.join(folder, "content")
  fs.mkdir(inner)
  unpack(file, inner)
  if file:find("%.rock$") and not fs.exists(fs.join(inner, "rock_manifest")) then
    unpack_inner(inner)
  end
  return inner, crypto.sha256(fs.read(file))
end

--- Nothing of a repository is run, and no password is asked for.
local function git(...)
  return run({ "git", "-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never", ... }, {
    env = { GIT_TERMINAL_PROMPT = "0" }, timeout = 300,
  })
end

--- The newest tag of a repository that looks like a version.
local function newest_tag(url)
  local best
  for _, line in ipairs(git("ls-remote", "--tags", "--refs", "--", url):lines()) do
    local tag = line:match("refs/tags/(.+)$")
    if tag and tag:find("^v?%d+[%d.]*$") and (not best or rockspec.compare(best, tag) < 0) then
      best = tag
    end
  end
  if not best then
    error(("%s has no version tag; choose a branch or a tag, such as --ref main"):format(
      host.url_masked(url)), 0)
  end
  return best
end

--- A tag, branch or version of a repository, as it is named there: version 1.2.0 may be tag v1.2.0.
local function known_ref(url, ref)
  if not ref:find("^v?%d+[%d.]*$") then
    return ref
  end
  local names = {}
  for _, line in ipairs(git("ls-remote", "--tags", "--heads", "--refs", "--", url):lines()) do
    names[line:match("refs/%a+/(.+)$") or ""] = true
  end
  local number = ref:gsub("^v", "")
  for _, name in ipairs { ref, number, "v" .. number } do
    if names[name] then
      return name
    end
  end
  local near = host.nearest_name(ref, names)
  error(("%s has no tag or branch %s%s"):format(host.url_masked(url), ref,
    near and near ~= "" and "; did you mean \"" .. near .. "\"?" or ""), 0)
end

local function fetch_git(origin, folder)
  local ref = origin.ref and known_ref(origin.url, origin.ref) or newest_tag(origin.url)
  local inner = fs.join(folder, "content")
  -- A path is cloned as a URL is, with what is needed only.
  local url = origin.url:sub(1, 1) == "/" and "file://" .. origin.url or origin.url
  git("clone", "-q", "--depth", "1", "--branch", ref, "--", url, inner)
  local commit = git("-C", inner, "rev-parse", "HEAD"):text()
  if origin.commit and origin.commit ~= commit then
    error(("%s: %s was %s when it was added and is now %s: run qcsh lib update to accept"):format(
      host.url_masked(origin.url), ref, origin.commit:sub(1, 12), commit:sub(1, 12)), 0)
  end
  fs.remove(fs.join(inner, ".git"), { recursive = true })
  return inner, { ref = ref, commit = commit }
end

local function luarocks(words, folder)
  local argv = { "luarocks", "--lua-version", "5.4" }
  table.move(words, 1, #words, 4, argv)
  local ok, result = pcall(process.run, argv, { timeout = 300, cwd = folder })
  if ok then
    return result
  end
  local text = type(result) == "table" and result.message or tostring(result)
  if text:find("such file", 1, true) or text:find("not found", 1, true) then
    error("luarocks is not installed, which is needed to find rocks; a directory, an archive or a "
      .. "Git repository works without it", 0)
  end
  error("luarocks: " .. host.url_masked(text), 0)
end

--- Whether a version is the wanted one: "1.2.0-1" is "1.2.0-1", and "1.2.0" or "v1.2.0" of any revision.
local function is_version(version, wanted)
  wanted = wanted:gsub("^v", "")
  return version == wanted or version:gsub("%-%d+$", "") == wanted
end

--- Raises an error for a directory of rocks that has no list of them.
local function check_manifest(server)
  local folder = server and server:gsub("^file://", "")
  local info = folder and fs.stat(folder)
  if not info or info.type ~= "folder" then
    return
  end
  for _, name in ipairs(fs.list(folder)) do
    if name:find("^manifest") then
      return
    end
  end
  error(("%s has no manifest, the list of its rocks; write it with: luarocks-admin make-manifest "
    .. "--lua-version 5.4 %s"):format(host.url_masked(server), folder), 0)
end

--- What a server has of a rock: the newest version that fits, in the form that is taken best.
local function find_rock(origin)
  local listing = luarocks { "search", "--porcelain", origin.name,
    origin.server and "--only-server=" .. origin.server or nil }
  local order = { all = 1, src = 2, rockspec = 3 }
  local best
  for _, line in ipairs(listing:lines()) do
    local name, version, arch, place = line:match("^(%S+)\t(%S+)\t(%S+)\t(.+)$")
    local fits = name == origin.name and order[arch]
      and (not origin.version or is_version(version, origin.version))
      and (not origin.dependency or rockspec.satisfies(version, origin.dependency))
    if fits then
      local newer = best and rockspec.compare(best.version, version) or -1
      if newer < 0 or newer == 0 and order[arch] < order[best.arch] then
        best = { version = version, arch = arch, place = place }
      end
    end
  end
  if not best then
    check_manifest(origin.server)
    error(("rock %s%s not found%s"):format(origin.name,
      origin.version and " " .. origin.version or "",
      origin.server and " from " .. host.url_masked(origin.server) or ""), 0)
  end
  return best
end

local function fetch_rock(origin, folder)
  local found = find_rock(origin)
  local name = ("%s-%s.%s"):format(origin.name, found.version,
    found.arch == "rockspec" and "rockspec" or found.arch .. ".rock")
  local url = found.place:gsub("/$", "") .. "/" .. name
  local file = url:gsub("^file://", "")
  if found.arch == "rockspec" then
    -- luarocks fetches what the rockspec names, and runs nothing of it.
    luarocks({ "unpack", "--force", file }, folder)
    return folder, { version = found.version }
  end
  return fetch_archive(file, folder), { version = found.version }
end

--- The base of a rockspec's paths: sources may be in a directory of their own.
local function locate(root, spec)
  local build = spec.build or {}
  local _, first = next(type(build.modules) == "table" and build.modules or {})
  local candidates = { root, spec.source and spec.source.dir and fs.join(root, spec.source.dir) }
  for _, name in ipairs(fs.list(root)) do
    candidates[#candidates + 1] = fs.join(root, name)
  end
  for _, candidate in ipairs(candidates) do
    if type(first) == "string" and fs.exists(fs.join(candidate, first)) then
      return candidate
    end
  end
  return root
end

--- Sources that have one version.
local KINDS = { folder = "a directory", archive = "an archive" }

local function parse(text, options)
  local url, ref = text:match("^(.-)#([%w._/-]+)$")
  url, ref = url or text, options.ref or ref
  local hub = url:match("^github:([%w._-]+/[%w._-]+)$")
  if hub then
    return { kind = "git", url = ("https://github.com/%s.git"):format((hub:gsub("%.git$", ""))),
      ref = ref }
  end
  local plain = url:gsub("^git%+", "")
  local info = fs.stat(fs.resolve(url))
  local is_bare = info and info.type == "folder" and fs.exists(fs.join(url, "HEAD"))
  if plain ~= url or is_bare or plain:find("%.git$") or plain:find("^git@") or plain:find("^ssh://")
    or plain:find("^git://") then
    if plain:sub(1, 1) == "-" then
      error(("\"%s\" is not a repository"):format(host.url_masked(text)), 0)
    end
    return { kind = "git", url = is_bare and absolute(url) or plain, ref = ref }
  elseif text:find("^https?://") then
    return { kind = "archive", url = text }
  elseif info and info.type == "folder" then
    return { kind = "folder", path = text }
  elseif info then
    return { kind = "archive", path = text }
  elseif text:find("/", 1, true) then
    error(("file or directory not found: %s"):format(host.url_masked(text)), 0)
  end
  return { kind = "rock", name = text, server = options.server, version = options.version or ref }
end

--- Parses a source: a directory, an archive, a repository with its tag after `#`, or the name of a
--- rock.
---@usage require("qdrant.library.source").parse("https://example.com/tools.git#v1.2.0", {}).kind
---@param text string
---@param options { ref?: string, server?: string, version?: string }
---@return table
function source.parse(text, options)
  local origin = parse(text, options)
  if options.ref and KINDS[origin.kind] then
    error(("%s is %s: --ref chooses a tag or a branch of a Git repository"):format(
      host.url_masked(text), KINDS[origin.kind]), 0)
  end
  return origin
end

--- A source in one line.
---@usage require("qdrant.library.source").text { kind = "git", url = "https://example.com/x.git", ref = "v1" }
---@param origin table
---@return string
function source.text(origin)
  local text
  if origin.kind == "git" then
    text = origin.url .. (origin.ref and " at " .. origin.ref or "")
  elseif origin.kind == "rock" then
    text = "rock " .. origin.name .. (origin.server and " from " .. origin.server or "")
  else
    text = origin.path or origin.url
  end
  return host.url_masked(text)
end

--- Fetches a library: its directory with its rockspec, which exists as long as `folder` does. The
--- returned `origin` names the exact version.
---@usage pcall(require("qdrant.library.source").fetch, { kind = "folder", path = "/none" }, "/tmp")
---@async
---@param origin table the result of `parse`, or an entry of a lock file
---@param folder string an empty directory
---@param base? string the directory that the paths of a lock file are relative to
---@return { folder: string, spec: table, origin: table }
function source.fetch(origin, folder, base)
  local exact, place = {}
  local path = origin.path
  if path and base and path:sub(1, 1) ~= "/" and path:sub(1, 1) ~= "~" then
    path = fs.join(base, path)
  end
  if origin.kind == "folder" then
    place = absolute(path)
    if not fs.exists(place) then
      error(("directory not found: %s"):format(path), 0)
    end
  elseif origin.kind == "archive" then
    local hash
    place, hash = fetch_archive(path and absolute(path) or origin.url, folder)
    if origin.sha256 and origin.sha256 ~= hash then
      error(("%s has changed since it was added: run qcsh lib update to accept that"):format(
        source.text(origin)), 0)
    end
    exact.sha256 = hash
  elseif origin.kind == "git" then
    place, exact = fetch_git(origin, folder)
  else
    place, exact = fetch_rock(origin, folder)
  end
  local file, root = rockspec.find(place)
  if not file then
    error(("%s has no rockspec: qcsh lib new creates one"):format(source.text(origin)), 0)
  end
  local spec = rockspec.read(file)
  -- qcsh.lock is shared, so it keeps no credential: git asks its helper again.
  local full = {}
  for _, values in ipairs { origin, exact } do
    for key, value in pairs(values) do
      if key ~= "dependency" and key ~= "expected" then
        full[key] = value
      end
    end
  end
  for _, key in ipairs { "url", "server" } do
    full[key] = full[key] and host.url_without_credentials(full[key])
  end
  return { folder = locate(root, spec), spec = spec, origin = full }
end

return source
