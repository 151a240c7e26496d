#!/usr/bin/env qcsh
local args = script {
  about = "Rotates database keys: verifies and delivers the new key before it deletes the old one",
  args = {
    { "cluster" }, { "keys", many = true, about = "by name; default: those that expire --within" },
    { "--within", type = "duration", default = "14d",
      about = "rotates keys that expire in this time" },
    { "--folder", default = ".", about = "directory for the secrets, written to NAME.key" },
    { "--run", about = "shell command; gets the secret on standard input, the name as $1" },
    { "--overlap", type = "duration", default = "0s", about = "how long both keys work" },
    { "--yes", type = "flag" },
  },
  needs = { "read:clusters", "read:api_keys", "write:api_keys", "delete:api_keys",
    "connect:hosts", "read:files", "write:files", "run:processes" },
  deletes = true,
}

local cluster = qdrant.clusters:find(args.cluster)
local all = cluster:keys():list()

--- Where the secret of a key goes. Similar names get different files.
local files = {}
local function file_of(key)
  local file = ("%s/%s.key"):format(args.folder, key.name:gsub("[^%w._-]", "-"))
  if files[file] and files[file] ~= key.id then
    file = file:gsub("%.key$", "-" .. key.postfix .. ".key")
  end
  files[file] = key.id
  return file
end

--- The note of an interrupted run, next to the file of a secret: the key that it rotated, and when it
--- began. nil when no run was interrupted.
local function begun(file)
  local note = file .. ".rotation"
  if not fs.exists(note) then
    return nil
  end
  local ok, state = pcall(json.decode, fs.read(note))
  if not ok or type(state) ~= "table" or not state.old then
    error(note .. " cannot be read: delete surplus keys, then remove this file")
  end
  return { old = state.old, at = time.parse(state.at) }
end

--- The keys of the same name with the same rules that an interrupted run has created: no one knows how
--- far they were delivered. Others of the same name are somebody's.
local function left_overs(key, state)
  local found = {}
  for _, other in ipairs(all) do
    if state and state.old == key.id and other.id ~= key.id and other.name == key.name
      and other.created_at >= state.at
      and json.encode(other.access_rules) == json.encode(key.access_rules) then
      found[#found + 1] = other
    end
  end
  return found
end

--- The key of a name: of several the one that an interrupted run was rotating.
local function find(name)
  for _, key in ipairs(all) do
    if key.name == name then
      local state = begun(file_of(key))
      if state and state.old == key.id then
        return key
      end
      files[file_of(key)] = nil
    end
  end
  return cluster:keys():find(name)
end

local keys = {}
if #args.keys > 0 then
  for i, name in ipairs(args.keys) do
    keys[i] = find(name)
  end
else
  keys = cluster:keys():list { expires_before = args.within }
end
if #keys == 0 then
  log.info("no key expires within " .. time.human(args.within))
  return json.list {}
end
local jobs, left = {}, 0
for i, key in ipairs(keys) do
  local file = file_of(key)
  jobs[i] = { old = key, file = file, left_overs = left_overs(key, begun(file)) }
  left = left + #jobs[i].left_overs
end
if left > 0 then
  log.warn(("%d key%s of an interrupted run will also be replaced")
    :format(left, left == 1 and "" or "s"))
end
cli.confirm(("Rotate %d key%s of %s?"):format(#keys, #keys == 1 and "" or "s", cluster.name),
  args.yes)
local rows, is_dry = json.list {}, qdrant.is_dry_run()
for i, job in ipairs(jobs) do
  local old, note = job.old, job.file .. ".rotation"
  if not is_dry then
    -- A minute before now: the clocks of two machines differ.
    local at = #job.left_overs > 0 and begun(job.file).at or time.now() - 60
    fs.write(note, json.encode { old = old.id, at = tostring(at) }, { mode = tonumber("600", 8) })
  end
  local new = old:rotate { keep = true, file = job.file }
  if is_dry and args.run then
    log.info(("would run `%s` with the new key of %s"):format(args.run, old.name))
  elseif args.run then
    process.run({ "/bin/sh", "-c", args.run, "sh", old.name }, { input = new.key })
  end
  if not is_dry then
    task.sleep(args.overlap)
  end
  local replaced = { old.id }
  for _, key in ipairs(job.left_overs) do
    key:delete()
    replaced[#replaced + 1] = key.id
  end
  old:delete()
  if not is_dry then
    fs.remove(note)
  end
  rows[i] = { name = new.name, id = not is_dry and new.id or nil, file = job.file,
    [is_dry and "would_replace" or "replaced"] = table.concat(replaced, " "),
    expires_at = new.expires_at }
end
return rows
