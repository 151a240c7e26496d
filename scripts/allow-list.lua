#!/usr/bin/env qcsh
local args = script {
  about = "Sets the address blocks that may connect to clusters from a list",
  args = {
    { "clusters", many = true, about = "names or ids; with none, those of --label" },
    { "--label", type = "pair" },
    { "--allow-empty", type = "flag", about = "succeeds when no cluster has the label" },
    { "--file", type = "file", about = "one block or address per line; # starts a comment" },
    { "--add", many = true, type = "block",
      about = "in addition to the present ones or --file" },
    { "--remove", many = true, type = "block" },
    { "--me", type = "block", value = "address",
      about = "your own address; fails if it would be locked out" },
    { "--dry-run", type = "flag", about = "shows what would be added and removed" },
  },
  needs = { "read:clusters", "write:clusters", "read:files" },
}

--- The address of a block as a number.
local function number(block)
  local bits = 0
  for part in block:gsub("/.*", ""):gmatch("%d+") do
    bits = bits << 8 | tonumber(part)
  end
  return bits
end

local function contains(range, address)
  local base, length = range:match("^([%d.]+)/(%d+)$")
  local mask = length == "0" and 0 or 0xffffffff << 32 - tonumber(length) & 0xffffffff
  return number(base) & mask == number(address) & mask
end

local function set_of(blocks)
  local set = {}
  for _, block in ipairs(blocks) do
    set[block] = true
  end
  return set
end

-- All that is given is looked at before anything is changed.
local added, removed, listed = set_of(args.add), set_of(args.remove), nil
if args.file then
  listed = {}
  local row = 0
  for line in fs.lines(args.file) do
    row = row + 1
    for text in line:gsub("#.*", ""):gmatch("%S+") do
      local block, problem = cli.convert("block", text)
      if not block then
        cli.usage(("%s:%d: \"%s\" %s"):format(args.file, row, text, problem))
      end
      listed[block] = true
    end
  end
  if not next(listed) then
    cli.usage(args.file .. " has no address blocks: without any, everybody could connect")
  end
elseif not next(added) and not next(removed) then
  cli.usage("nothing to change: use --file, --add or --remove")
end
if #args.clusters == 0 and not args.label then
  cli.usage("no clusters: name them, or select them with --label")
end
local chosen = qdrant.clusters:choose {
  names = args.clusters, labels = args.label, allow_empty = args.allow_empty,
}

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
    is_in = is_in or args.me and contains(range, args.me)
  end
  for range in pairs(has) do
    remove[#remove + 1] = not wanted[range] and range or nil
  end
  table.sort(add)
  table.sort(remove)
  if not next(wanted) and #remove > 0 then
    error("without address blocks everybody could connect", 0)
  elseif args.me and not is_in then
    error("you would be locked out: " .. args.me .. " is in none of the blocks", 0)
  end
  return add, remove
end

local changes, is_dry = {}, args.dry_run or qdrant.is_dry_run()
local result = qdrant.fleet.run(chosen, function(cluster)
  local add, remove = difference(cluster)
  changes[cluster.id] = { add, remove }
  if not args.dry_run then
    cluster:allow(add, remove)
  end
end, {
  name = "change the blocks of",
  report = function(line)
    if not is_dry then
      log.info(line)
    end
  end,
})
cli.status((select(2, qdrant.fleet.summary(result))))
local rows = json.list {}
for i, cluster in ipairs(chosen) do
  local change = changes[cluster.id] or { {}, {} }
  local is_same = #change[1] + #change[2] == 0
  rows[i] = {
    name = cluster.name, added = table.concat(change[1], " "),
    removed = table.concat(change[2], " "),
    outcome = is_same and "unchanged" or is_dry and "would change" or "done",
  }
  for _, failed in ipairs(result.failed) do
    if failed.item == cluster then
      rows[i].outcome, rows[i].problem = "failed", tostring(failed.problem)
    end
  end
end
return rows
