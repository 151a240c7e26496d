#!/usr/bin/env qcsh
local args = script {
  about = "Makes the blocks of addresses that may connect to clusters those of a list",
  args = {
    { "clusters", many = true, about = "names or ids; with none, those of --label" },
    { "--label", value = "key=value" },
    { "--file", type = "file", about = "a block or an address on each line; # begins a remark" },
    { "--add", many = true }, { "--remove", many = true },
    { "--me", about = "your own address: it has to stay in" },
    { "--dry-run", type = "flag" },
  },
  needs = { "read:clusters", "write:clusters", "read:files" },
}

local chosen = {}
if args.label then
  local key, value = args.label:match("^([^=]+)=(.*)$")
  chosen = qdrant.clusters:list { labels = { [key] = value } }
else
  for i, name in ipairs(args.clusters) do
    chosen[i] = qdrant.clusters:find(name)
  end
end
if #chosen == 0 then
  error("which clusters?", 0)
end

local function number(address)
  local a, b, c, d = address:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$")
  return a and (tonumber(a) << 24 | tonumber(b) << 16 | tonumber(c) << 8 | tonumber(d))
end

--- A block in the form that the API takes: the bits behind its length are zero.
local function block(text)
  local address, length = text:match("^([%d.]+)/?(%d*)$")
  local bits = address and number(address)
  length = math.tointeger(tonumber(length)) or 32
  if not bits or length > 32 then
    error(("\"%s\" is no block of IPv4 addresses"):format(text), 0)
  end
  bits = length == 0 and 0 or bits & (0xffffffff << 32 - length)
  return ("%d.%d.%d.%d/%d"):format(bits >> 24 & 255, bits >> 16 & 255, bits >> 8 & 255, bits & 255,
    length)
end

local function contains(range, address)
  local base, length = range:match("^([%d.]+)/(%d+)$")
  local mask = length == "0" and 0 or 0xffffffff << 32 - tonumber(length) & 0xffffffff
  return number(base) & mask == number(address) & mask
end

local wanted
if args.file then
  wanted = {}
  for line in fs.read(args.file):gmatch("[^\n]+") do
    local text = line:gsub("#.*", ""):match("^%s*(%S*)%s*$")
    if text ~= "" then
      wanted[#wanted + 1] = block(text)
    end
  end
  if #wanted == 0 then
    error(args.file .. " has no block: without any, everybody could connect", 0)
  end
end

local result = qdrant.fleet.run(chosen, function(cluster)
  local add, remove, has = {}, {}, {}
  for _, range in ipairs(cluster.configuration.allowed_ip_source_ranges) do
    has[range] = true
  end
  for _, text in ipairs(wanted or args.add) do
    add[#add + 1] = block(text)
  end
  if wanted then
    local keep = {}
    for _, range in ipairs(wanted) do
      keep[range] = true
    end
    for range in pairs(has) do
      if not keep[range] then
        remove[#remove + 1] = range
      end
    end
  end
  for _, text in ipairs(args.remove) do
    remove[#remove + 1] = block(text)
  end
  if args.me then
    local after = {}
    for range in pairs(has) do
      after[range] = true
    end
    for _, range in ipairs(remove) do
      after[range] = nil
    end
    for _, range in ipairs(add) do
      after[range] = true
    end
    local is_in = false
    for range in pairs(after) do
      is_in = is_in or contains(range, args.me)
    end
    if not is_in then
      error("you would be locked out: " .. args.me .. " is in none of the blocks", 0)
    end
  end
  cluster:allow(add, remove)
end, { name = "allow-list", dry_run = args.dry_run })
cli.status((select(2, qdrant.fleet.summary(result))))
return qdrant.fleet.rows(result)
