#!/usr/bin/env qcsh
local args = script {
  about = "Sets the address blocks that may connect to clusters from a list",
  args = {
    { "clusters", many = true, about = "names or ids; with none, those of --label" },
    { "--label", type = "pair" },
    { "--file", type = "file", about = "one block or address per line; # starts a comment" },
    { "--add", many = true, value = "block", about = "in addition to the present ones or --file" },
    { "--remove", many = true, value = "block" },
    { "--me", value = "address", about = "your own address; fails if it would be locked out" },
    { "--dry-run", type = "flag", about = "shows what would be added and removed" },
  },
  needs = { "read:clusters", "write:clusters", "read:files" },
}

--- An address as a number; nil when it is none.
local function number(address)
  local bits = 0
  local parts = { address:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$") }
  for _, part in ipairs(parts) do
    if tonumber(part) > 255 then
      return nil
    end
    bits = bits << 8 | tonumber(part)
  end
  return #parts == 4 and bits or nil
end

--- A block in the form that the API takes: the bits after its length are zero.
local function block(text)
  local address, length = text:match("^([%d.]+)/?(%d*)$")
  local bits = address and number(address)
  length = length == "" and 32 or math.tointeger(tonumber(length))
  if not bits or not length or length > 32 then
    cli.usage(("invalid block of IPv4 addresses \"%s\""):format(text))
  end
  bits = length == 0 and 0 or bits & (0xffffffff << 32 - length)
  return ("%d.%d.%d.%d/%d"):format(bits >> 24 & 255, bits >> 16 & 255, bits >> 8 & 255, bits & 255,
    length)
end

local function contains(range, address)
  local base, length = range:match("^([%d.]+)/(%d+)$")
  local mask = length == "0" and 0 or 0xffffffff << 32 - tonumber(length) & 0xffffffff
  return number(base) & mask == address & mask
end

local function blocks(texts)
  local set = {}
  for _, text in ipairs(texts) do
    set[block(text)] = true
  end
  return set
end

-- All that is given is looked at before anything is changed.
local me = args.me and (number(args.me) or cli.usage("--me is not an IPv4 address: " .. args.me))
local added, removed, listed = blocks(args.add), blocks(args.remove), nil
if args.file then
  listed = {}
  for line in fs.read(args.file):gmatch("[^\n]+") do
    for text in line:gsub("#.*", ""):gmatch("%S+") do
      listed[block(text)] = true
    end
  end
  if not next(listed) then
    error(args.file .. " has no address blocks: without any, everybody could connect", 0)
  end
elseif not next(added) and not next(removed) then
  cli.usage("nothing to change: use --file, --add or --remove")
end

local chosen = {}
if args.label then
  chosen = qdrant.clusters:list { labels = args.label }
else
  for i, name in ipairs(args.clusters) do
    chosen[i] = qdrant.clusters:find(name)
  end
end
if #chosen == 0 then
  cli.usage("no clusters: name them, or select them with --label")
end

--- What is to be added to a cluster and what is to be removed, sorted.
local function difference(cluster)
  local has, wanted = {}, {}
  for _, range in ipairs(cluster.configuration.allowed_ip_source_ranges) do
    has[range] = true
  end
  for range in pairs(listed or has) do
    wanted[range] = true
  end
  for range in pairs(added) do
    wanted[range] = true
  end
  for range in pairs(removed) do
    wanted[range] = nil
  end
  local add, remove, is_in = {}, {}, false
  for range in pairs(wanted) do
    add[#add + 1] = not has[range] and range or nil
    is_in = is_in or me and contains(range, me)
  end
  for range in pairs(has) do
    remove[#remove + 1] = not wanted[range] and range or nil
  end
  table.sort(add)
  table.sort(remove)
  if not next(wanted) and #remove > 0 then
    error("without address blocks everybody could connect", 0)
  elseif me and not is_in then
    error("you would be locked out: " .. args.me .. " is in none of the blocks", 0)
  end
  return add, remove
end

local changes = {}
local result = qdrant.fleet.run(chosen, function(cluster)
  local add, remove = difference(cluster)
  changes[cluster.id] = { add, remove }
  if not args.dry_run then
    cluster:allow(add, remove)
  end
end, { name = "allow-list", report = function(line) log.info(line) end })
cli.status((select(2, qdrant.fleet.summary(result))))
local rows = json.list {}
for i, cluster in ipairs(chosen) do
  local change = changes[cluster.id] or { {}, {} }
  local is_same = #change[1] + #change[2] == 0
  rows[i] = {
    name = cluster.name, added = table.concat(change[1], " "),
    removed = table.concat(change[2], " "),
    outcome = is_same and "unchanged" or args.dry_run and "would change" or "done",
  }
  for _, failed in ipairs(result.failed) do
    if failed.item == cluster then
      rows[i].outcome, rows[i].problem = "failed", tostring(failed.problem)
    end
  end
end
return rows
