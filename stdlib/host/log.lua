--- Log messages on standard error: `log.info("scaled", { cluster = name })`.
---
--- The level is `info` unless QCSH_LOG or `log.level` says otherwise; with QCSH_LOG_FORMAT=json or
--- `log.format = "json"` each message is a line of JSON.
local host = ...

local log = {}

local levels = { trace = 1, debug = 2, info = 3, warn = 4, error = 5, off = 6 }
local settings = { level = "info", format = "text" }

local function set_level(level)
  if not levels[level] then
    error(("log: unknown level \"%s\"; expected trace, debug, info, warn, error or off"):format(
      tostring(level)), 3)
  end
  settings.level = level
end

local from_environment = host.setting("QCSH_LOG")
if from_environment then
  set_level(from_environment)
end
if host.setting("QCSH_LOG_FORMAT") == "json" then
  settings.format = "json"
end

--- A value as one word: quoted when it has blanks, with control characters escaped.
local function word(value)
  local text = host.term_safe(type(value) == "string" and value or host.show(value))
  if text == "" or text:find('[%s"=%c]') then
    return '"' .. text:gsub('[%c"\\]', function(c)
      local short = { ["\n"] = "\\n", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }
      return short[c] or ("\\x%02x"):format(c:byte())
    end) .. '"'
  end
  return text
end

local function write(level, message, fields)
  if levels[level] < levels[settings.level] then
    return
  end
  local now = host.now()
  if settings.format == "json" then
    local record = { time = tostring(now), level = level, message = tostring(message) }
    for name, value in pairs(fields or {}) do
      if host.is_secret(value) then
        value = "********"
      end
      if record[name] == nil then
        record[name] = value
      end
    end
    local ok, line = pcall(host.json_encode, record, false)
    if not ok then
      for name, value in pairs(record) do
        record[name] = type(value) == "string" and value or host.show(value)
      end
      line = host.json_encode(record, false)
    end
    host.term_write(line .. "\n")
    return
  end
  local parts = {
    tostring(now):gsub("%.%d+Z$", "Z"), ("%-5s"):format(level:upper()),
    -- One message is one line.
    (host.term_safe(tostring(message)):gsub("\n", "\\n")),
  }
  for _, name in ipairs(host.sorted_keys(fields or {})) do
    parts[#parts + 1] = tostring(name) .. "=" .. word(fields[name])
  end
  host.term_write(table.concat(parts, " ") .. "\n")
end

--- Fine-grained details for debugging.
---@usage log.trace("a cluster is ready", { cluster = "search" })
---@param message? any
---@param fields? table<string, any>
function log.trace(message, fields)
  write("trace", message, fields)
end

--- Details that help to follow what the script does.
---@usage log.debug("a cluster is ready", { cluster = "search" })
---@param message? any
---@param fields? table<string, any>
function log.debug(message, fields)
  write("debug", message, fields)
end

--- Normal events.
---@usage log.info("a cluster is ready", { cluster = "search" })
---@param message? any
---@param fields? table<string, any>
function log.info(message, fields)
  write("info", message, fields)
end

--- Unexpected, but harmless so far.
---@usage log.warn("a cluster is ready", { cluster = "search" })
---@param message? any
---@param fields? table<string, any>
function log.warn(message, fields)
  write("warn", message, fields)
end

--- Failures.
---@usage log.error("a cluster is ready", { cluster = "search" })
---@param message? any
---@param fields? table<string, any>
function log.error(message, fields)
  write("error", message, fields)
end

--- A logger that adds fields to each message.
---@usage log.with { cluster = "search" }.info("it begins")
---@param fields table<string, any>
function log.with(fields)
  local logger = {}
  for level in pairs(levels) do
    if level ~= "off" then
      logger[level] = function(message, more)
        local all = {}
        for name, value in pairs(fields) do
          all[name] = value
        end
        for name, value in pairs(more or {}) do
          all[name] = value
        end
        write(level, message, all)
      end
    end
  end
  return logger
end

return setmetatable(log, {
  __index = settings,
  __newindex = function(_, name, value)
    if name == "level" then
      set_level(value)
    elseif name == "format" and (value == "text" or value == "json") then
      settings.format = value
    else
      error(("log: invalid setting %s = %s; expected level, or format \"text\" or \"json\""):format(
        tostring(name), tostring(value)), 2)
    end
  end,
})
