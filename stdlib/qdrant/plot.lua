--- Charts in the terminal: sparklines, bars, and series over time.
local host = ...

local term = require "term"

local plot = {}

local EIGHTHS = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }

--- The values between which a chart goes.
local function range(values, options)
  local low, high = options.min, options.max
  for _, value in ipairs(values) do
    if value == value then
      low = low == nil and value or options.min or math.min(low, value)
      high = high == nil and value or options.max or math.max(high, value)
    end
  end
  return low or 0, high or 0
end

--- Reduces values to a count: each result is the mean of a group of values. NaN means no value.
---@usage plot.squeeze({ 1, 3, 5, 7 }, 2)
---@param values number[]
---@param count integer
---@return number[]
function plot.squeeze(values, count)
  if #values <= count then
    return values
  end
  local list = {}
  for i = 1, count do
    local first = (i - 1) * #values // count + 1
    local last = math.max(first, i * #values // count)
    local sum, some = 0, 0
    for j = first, last do
      if values[j] == values[j] then
        sum, some = sum + values[j], some + 1
      end
    end
    list[i] = some > 0 and sum / some or 0 / 0
  end
  return list
end

--- A number for people: "1.2k", "0.35".
---@usage plot.number(1234)
---@param value number
---@return string
function plot.number(value)
  if value ~= value then
    return "-"
  end
  local size = math.abs(value)
  for _, unit in ipairs { { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" } } do
    if size >= unit[1] then
      return (("%.1f"):format(value / unit[1]):gsub("%.0$", "")) .. unit[2]
    end
  end
  if size == math.floor(size) then
    return ("%d"):format(value)
  end
  return size >= 10 and ("%.1f"):format(value) or ("%.2f"):format(value)
end

--- A line of bars, one character for each value.
---@usage plot.sparkline({ 1, 5, 2, 8, 3 })
---@param values number[]
---@param options? { width?: integer, min?: number, max?: number }
---@return string
function plot.sparkline(values, options)
  options = host.options(options, "plot.sparkline", "width min max")
  local shown = plot.squeeze(values, options.width or #values)
  local low, high = range(values, options)
  local parts = {}
  for i, value in ipairs(shown) do
    if value ~= value then
      parts[i] = " "
    else
      local share = high > low and (value - low) / (high - low) or 0
      parts[i] = EIGHTHS[math.max(1, math.min(8, math.floor(share * 8) + 1))]
    end
  end
  return table.concat(parts)
end

local PARTS = { "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█" }

local function pad(text, width, right)
  local space = (" "):rep(width - term.width(text))
  return right and space .. text or text .. space
end

--- A number that can be drawn: `above` for what is beyond all others, 0 for what is none.
local function finite(value, above)
  if value ~= value or value == -math.huge then
    return 0
  end
  return value == math.huge and (above or 0) or value
end

--- A bar chart with names and values; the longest bar fills the width.
---@usage plot.bars({ { "search", 42 }, { "staging", 7 } }, { unit = " USD" })
---@param rows { [1]: string, [2]: number }[]
---@param options? { width?: integer, max?: number, unit?: string, format?: fun(value: number): string }
---@return string
function plot.bars(rows, options)
  options = host.options(options, "plot.bars", "width max unit format")
  local format = options.format or plot.number
  local columns = options.width or (term.size())
  local names, texts, most = 0, 0, options.max or 0
  for _, row in ipairs(rows) do
    names = math.max(names, term.width(term.safe(tostring(row[1]))))
    texts = math.max(texts, term.width(format(row[2]) .. (options.unit or "")))
    most = math.max(most, finite(row[2]))
  end
  names = math.min(names, columns // 2)
  local room = math.max(4, columns - names - texts - 4)
  local lines = {}
  for i, row in ipairs(rows) do
    local share = most > 0 and math.min(1, math.max(0, finite(row[2], most)) / most) or 0
    local eighths = math.floor(share * room * 8 + 0.5)
    local bar = ("█"):rep(eighths // 8) .. (PARTS[eighths % 8] or "")
    local name = term.safe(tostring(row[1]))
    name = host.term_cut(name, names)
    lines[i] = ("%s  %s  %s"):format(pad(name, names),
      pad(format(row[2]) .. (options.unit or ""), texts, true), bar)
  end
  return table.concat(lines, "\n")
end

-- Braille has two columns and four rows of dots for each character.
local DOTS = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 } }

--- A series as a line, with its range at the side and its times below.
---@usage plot.series({ 1, 3, 2, 5, 4, 6, 3 }, { height = 4, width = 30 })
---@param values number[]
---@param options? { width?: integer, height?: integer, min?: number, max?: number, title?: string, from?: string, to?: string, format?: fun(value: number): string }
---@return string
function plot.series(values, options)
  options = host.options(options, "plot.series", "width height min max title from to format")
  local format = options.format or plot.number
  local low, high = range(values, options)
  local top, bottom = format(high), format(low)
  local side = math.max(term.width(top), term.width(bottom))
  local width = math.max(4, (options.width or (term.size())) - side - 2)
  local height = options.height or 8
  local cells = {}
  for row = 1, height do
    cells[row] = {}
    for column = 1, width do
      cells[row][column] = 0
    end
  end
  local function set(x, y)
    local row, column = height - y // 4, x // 2 + 1
    if cells[row] and cells[row][column] then
      cells[row][column] = cells[row][column] | DOTS[4 - y % 4][x % 2 + 1]
    end
  end
  local shown = plot.squeeze(values, width * 2)
  local before
  for i, value in ipairs(shown) do
    local x = #shown > 1 and (i - 1) * (width * 2 - 1) // (#shown - 1) or 0
    if value == value then
      local share = high > low and (value - low) / (high - low) or 0
      local y = math.floor(share * (height * 4 - 1) + 0.5)
      set(x, y)
      -- What lies between two values is a line.
      if before then
        local steps = math.max(x - before.x, math.abs(y - before.y))
        for step = 1, steps - 1 do
          set(before.x + (x - before.x) * step // steps, before.y + (y - before.y) * step // steps)
        end
      end
      before = { x = x, y = y }
    else
      before = nil
    end
  end
  local lines = {}
  if options.title then
    lines[1] = term.safe(options.title)
  end
  for row = 1, height do
    local label = row == 1 and top or row == height and bottom or ""
    local text = {}
    for column = 1, width do
      text[column] = utf8.char(0x2800 + cells[row][column])
    end
    lines[#lines + 1] = pad(label, side, true) .. " ┤" .. table.concat(text)
  end
  if options.from or options.to then
    local from, to = options.from or "", options.to or ""
    lines[#lines + 1] = (" "):rep(side + 2) .. from
      .. (" "):rep(math.max(1, width - term.width(from) - term.width(to))) .. to
  end
  return table.concat(lines, "\n")
end

--- The values of measurements as the API has them.
---@usage plot.values({ { timestamp = time.now(), value = 1 } })
---@param metrics { timestamp: userdata, value: number }[]
---@return number[]
function plot.values(metrics)
  local values = host.list()
  for i, metric in ipairs(metrics) do
    values[i] = metric.value
  end
  return values
end

return plot
