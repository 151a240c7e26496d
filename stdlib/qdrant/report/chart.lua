--- Charts as SVG: bars, columns, lines, days, and small lines for cells of tables.
---
--- Colours are classes (`s1` … `s6` for series, `good`, `warn`, `bad`, `none` for states), so that
--- the page decides what they are in the light, in the dark and on paper. What a mark stands for is
--- its title.
local plot = require "qdrant.plot"
local markup = require "qdrant.report.markup"

local element, escape = markup.element, markup.escape
local chart = {}

--- The width of a chart that has the page's width, and of one next to another; one pixel each.
chart.WIDE, chart.HALF = 1002, 478
local SERIES = 6

local function title(text)
  return element("title", nil, escape(text))
end

local function label(x, y, text, attributes)
  attributes = attributes or {}
  attributes.x, attributes.y = x, y
  return element("text", attributes, escape(text))
end

--- A text that is not longer than a number of characters.
local function cut(text, count)
  local length = utf8.len(text)
  if not length or length <= count then
    return text
  end
  return text:sub(1, utf8.offset(text, count) - 1) .. "…"
end

local function svg(width, height, name, content)
  return element("svg", {
    viewBox = ("0 0 %d %d"):format(width, height), role = "img", ["aria-label"] = name,
    xmlns = "http://www.w3.org/2000/svg",
  }, content)
end

--- Where the names at the left end.
local function side_of(width)
  return width > 600 and 210 or 150
end

--- A bar with round corners where its value ends, and straight ones where it begins. `h` and `v` are
--- lengths, `a` a corner.
local function bar(x, y, width, height, class, text)
  local r = math.min(3, width, height / 2)
  local corner = "a%.1f %.1f 0 0 1 %.1f %.1f"
  local path = {
    ("M%.1f %.1fh%.1f"):format(x, y, width - r), corner:format(r, r, r, r),
    ("v%.1f"):format(height - 2 * r), corner:format(r, r, -r, r), ("h%.1fz"):format(r - width),
  }
  return element("path", { d = table.concat(path), class = class }, title(text))
end

--- The same upright.
local function column(x, y, width, height, class, text)
  local r = math.min(3, height, width / 2)
  local corner = "a%.1f %.1f 0 0 1 %.1f %.1f"
  local path = {
    ("M%.1f %.1fv%.1f"):format(x, y + height, r - height), corner:format(r, r, r, -r),
    ("h%.1f"):format(width - 2 * r), corner:format(r, r, r, r), ("v%.1fz"):format(height - r),
  }
  return element("path", { d = table.concat(path), class = class }, title(text))
end

--- A name at the left of what it names.
local function name_label(side, y, text)
  return label(side - 10, y, cut(text, (side - 14) // 7), { ["text-anchor"] = "end" })
end

--- Round steps from zero (or from a minimum) to at least a maximum: 0, 20, 40, 60.
---@usage require("qdrant.report.chart").steps(0, 57)
---@param low number
---@param high number
---@param is_whole? boolean whether there is nothing between 1 and 2
---@return number[]
function chart.steps(low, high, is_whole)
  if high <= low then
    high = low + 1
  end
  local rough = math.max((high - low) / 4, is_whole and 1 or 0)
  local power = 10.0 ^ math.floor(math.log(rough, 10))
  local step = power * 10
  for _, factor in ipairs { 1, 2, 2.5, 5 } do
    if power * factor >= rough * 0.999 and not (is_whole and power * factor % 1 ~= 0) then
      step = power * factor
      break
    end
  end
  local steps = {}
  local first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
  for i = first, last do
    steps[#steps + 1] = i * step
  end
  return steps
end

---@class qdrant.report.Bar
---@field name string
---@field value number
---@field text? string the value as it is written
---@field class? string a state, or `s2` …

--- Bars next to names, followed by the values.
---@usage require("qdrant.report.chart").bars("nodes", { { name = "search", value = 3 } })
---@param name string what they are, for those who cannot see them
---@param rows qdrant.report.Bar[]
---@param width? integer
---@return string
function chart.bars(name, rows, width)
  width = width or chart.WIDE
  local most = 0
  for _, row in ipairs(rows) do
    most = math.max(most, row.value)
  end
  local side = side_of(width)
  local parts, height, room = {}, 26, width - side - 90
  for i, row in ipairs(rows) do
    local y = (i - 1) * height
    local text = row.text or plot.number(row.value)
    local long = most > 0 and math.max(0, row.value) / most * room or 0
    parts[#parts + 1] = name_label(side, y + 17, row.name)
    if long > 0 then
      parts[#parts + 1] = bar(side, y + 4, math.max(long, 2), height - 8, row.class or "s1",
        row.name .. ": " .. text)
    end
    parts[#parts + 1] = label(side + long + 8, y + 17, text, { class = "value" })
  end
  parts[#parts + 1] = element("line", {
    x1 = side, x2 = side, y1 = 0, y2 = #rows * height, class = "axis",
  })
  return svg(width, #rows * height, name, parts)
end

--- Columns over names, for what has an order: months, hours.
---@usage require("qdrant.report.chart").columns("cost", { { name = "2026-10", value = 3 } })
---@param name string
---@param rows qdrant.report.Bar[]
---@param width? integer
---@return string
function chart.columns(name, rows, width)
  width = width or chart.WIDE
  local most, is_whole = 0, true
  for _, row in ipairs(rows) do
    most, is_whole = math.max(most, row.value), is_whole and row.value % 1 == 0
  end
  local steps = chart.steps(0, most, is_whole)
  local top, bottom, side = 18, 192, 56
  local function y_of(value)
    return bottom - value / steps[#steps] * (bottom - top)
  end
  local parts = {}
  for _, step in ipairs(steps) do
    local y = y_of(step)
    parts[#parts + 1] = element("line", {
      x1 = side, x2 = width, y1 = y, y2 = y, class = step == 0 and "axis" or "grid",
    })
    parts[#parts + 1] = label(side - 8, y + 4, plot.number(step), { ["text-anchor"] = "end" })
  end
  local room = (width - side) / math.max(#rows, 1)
  local thick = math.min(48, room * 0.6)
  local every = math.ceil(#rows / math.max(1, (width - side) // 64))
  for i, row in ipairs(rows) do
    local middle = side + (i - 0.5) * room
    local text = row.text or plot.number(row.value)
    if row.value > 0 then
      local y = math.min(y_of(row.value), bottom - 2)
      parts[#parts + 1] = column(middle - thick / 2, y, thick, bottom - y, row.class or "s1",
        row.name .. ": " .. text)
      if #rows <= 12 then
        parts[#parts + 1] = label(middle, y - 6, text, {
          ["text-anchor"] = "middle", class = "value",
        })
      end
    end
    if (i - 1) % every == 0 then
      parts[#parts + 1] = label(middle, bottom + 18, row.name, { ["text-anchor"] = "middle" })
    end
  end
  return svg(width, bottom + 26, name, parts)
end

--- The path of a line; it is broken where a value is missing (NaN).
local function line(values, x_of, y_of)
  local parts, is_open = {}, false
  for i, value in ipairs(values) do
    if value == value then
      parts[#parts + 1] = ("%s%.1f %.1f"):format(is_open and "L" or "M", x_of(i), y_of(value))
      is_open = true
    else
      is_open = false
    end
  end
  return table.concat(parts)
end

---@class qdrant.report.Series
---@field name string
---@field values number[] NaN where there is none

---@class qdrant.report.SeriesOptions
---@field from? string what stands below the first value
---@field to? string below the last
---@field unit? string after the numbers that the pointer shows
---@field limit? number a line across, for what is there at most
---@field limit_name? string
---@field times? string[] of each value, shown where the pointer is
---@field width? integer

--- Where values stand in a chart of lines: its edges, and the coordinates of a value.
local function frame_of(list, shown, options)
  local most, least, count = options.limit or 0, 0, 0
  for _, values in ipairs(shown) do
    count = math.max(count, #values)
    for _, value in ipairs(values) do
      if value == value then
        most, least = math.max(most, value), math.min(least, value)
      end
    end
  end
  local steps = chart.steps(least, most)
  local low, high = steps[1], steps[#steps]
  local frame = {
    steps = steps, count = count, width = options.width or chart.WIDE,
    top = #list > 1 and 30 or 12, bottom = 180, side = 56,
    unit = options.unit and " " .. options.unit or "",
  }
  function frame.y_of(value)
    return frame.bottom - (value - low) / (high - low) * (frame.bottom - frame.top)
  end
  function frame.x_of(i)
    local share = count > 1 and (i - 1) / (count - 1) or 0
    return frame.side + share * (frame.width - frame.side - 4)
  end
  return frame
end

--- The lines of the grid with their numbers, and the limit.
local function add_grid(parts, frame, options)
  for _, step in ipairs(frame.steps) do
    local y = frame.y_of(step)
    parts[#parts + 1] = element("line", {
      x1 = frame.side, x2 = frame.width, y1 = y, y2 = y,
      class = step == frame.steps[1] and "axis" or "grid",
    })
    parts[#parts + 1] = label(frame.side - 8, y + 4, plot.number(step), {
      ["text-anchor"] = "end",
    })
  end
  if options.limit then
    local y = frame.y_of(options.limit)
    parts[#parts + 1] = element("line", {
      x1 = frame.side, x2 = frame.width, y1 = y, y2 = y, class = "limit",
    }, title((options.limit_name or "limit") .. ": " .. plot.number(options.limit) .. frame.unit))
  end
end

--- The names of several lines, each after its colour.
local function add_names(parts, list, x)
  for i, one in ipairs(list) do
    local text = cut(one.name, 18)
    parts[#parts + 1] = element("rect", {
      x = x, y = 5, width = 12, height = 4, rx = 2, class = "s" .. (i - 1) % SERIES + 1,
    })
    parts[#parts + 1] = label(x + 17, 12, text)
    x = x + 34 + 6.6 * (utf8.len(text) or #text)
  end
end

--- Areas that show the numbers of what the pointer is over.
local function add_zones(parts, list, shown, frame, times)
  local zones, count = math.min(frame.count, 48), frame.count
  local wide = (frame.width - frame.side) / zones
  for zone = 1, zones do
    local i = zones > 1 and math.floor((zone - 1) / (zones - 1) * (count - 1) + 0.5) + 1 or 1
    local lines = {}
    if times then
      local share = count > 1 and (i - 1) / (count - 1) or 0
      lines[1] = times[math.floor(share * (#times - 1) + 0.5) + 1]
    end
    for k, one in ipairs(list) do
      local value = shown[k][i]
      if value and value == value then
        lines[#lines + 1] = ("%s: %s%s"):format(one.name, plot.number(value), frame.unit)
      end
    end
    parts[#parts + 1] = element("rect", {
      x = frame.side + (zone - 1) * wide, y = frame.top, width = wide,
      height = frame.bottom - frame.top, class = "zone",
    }, title(table.concat(lines, "\n")))
  end
end

--- Lines over time; the names are above them when there are several.
---@usage require("qdrant.report.chart").series("CPU", { { name = "node 0", values = { 1, 2, 1.5 } } })
---@param name string
---@param list qdrant.report.Series[] at most six have different colours
---@param options? qdrant.report.SeriesOptions
---@return string
function chart.series(name, list, options)
  options = options or {}
  local shown, parts = {}, {}
  for i, one in ipairs(list) do
    shown[i] = plot.squeeze(one.values, 240)
  end
  local frame = frame_of(list, shown, options)
  add_grid(parts, frame, options)
  for i, one in ipairs(list) do
    parts[#parts + 1] = element("path", {
      d = line(shown[i], frame.x_of, frame.y_of), class = "line s" .. (i - 1) % SERIES + 1,
    }, title(one.name))
  end
  if #list > 1 then
    add_names(parts, list, frame.side)
  end
  add_zones(parts, list, shown, frame, options.times)
  local bottom = frame.bottom + 18
  parts[#parts + 1] = label(frame.side, bottom, options.from or "")
  parts[#parts + 1] = label(frame.width - 2, bottom, options.to or "", { ["text-anchor"] = "end" })
  return svg(frame.width, frame.bottom + 24, name, parts)
end

---@class qdrant.report.DayRow
---@field name string
---@field days { state: "good"|"warn"|"bad"|"none", text: string }[] the oldest first

--- A square for each day, a row for each name.
---@usage require("qdrant.report.chart").days("backups", { { name = "search", days = { { state = "good", text = "1" } } } })
---@param name string
---@param rows qdrant.report.DayRow[]
---@param options? { from?: string, to?: string, width?: integer }
---@return string
function chart.days(name, rows, options)
  local width = options and options.width or chart.WIDE
  local side = side_of(width)
  local height, parts, most = 24, {}, 0
  for _, row in ipairs(rows) do
    most = math.max(most, #row.days)
  end
  local size = math.min(24, (width - side) / math.max(1, most))
  for i, row in ipairs(rows) do
    local y = (i - 1) * height
    parts[#parts + 1] = name_label(side, y + 16, row.name)
    for k, day in ipairs(row.days) do
      parts[#parts + 1] = element("rect", {
        x = side + (k - 1) * size + 1, y = y + 2, width = size - 2, height = height - 4, rx = 3,
        class = day.state,
      }, title(row.name .. ", " .. day.text))
    end
  end
  local bottom = #rows * height
  parts[#parts + 1] = label(side, bottom + 16, options and options.from or "")
  parts[#parts + 1] = label(side + most * size, bottom + 16, options and options.to or "", {
    ["text-anchor"] = "end",
  })
  return svg(width, bottom + 22, name, parts)
end

--- A small line for a cell of a table.
---@usage require("qdrant.report.chart").spark({ 1, 4, 2, 5 })
---@param values number[]
---@param options? { max?: number }
---@return string
function chart.spark(values, options)
  local shown = plot.squeeze(values, 60)
  local low, high = 0, options and options.max or 0
  for _, value in ipairs(shown) do
    if value == value then
      low, high = math.min(low, value), math.max(high, value)
    end
  end
  local function x_of(i)
    return 1 + (#shown > 1 and (i - 1) / (#shown - 1) or 0) * 98
  end
  local function y_of(value)
    return 21 - (high > low and (value - low) / (high - low) or 0) * 20
  end
  return element("span", { class = "spark" }, svg(100, 22, "", element("path", {
    d = line(shown, x_of, y_of), class = "line s1",
  }, "")))
end

--- How much of something is used, for a cell of a table.
---@usage require("qdrant.report.chart").meter(0.42)
---@param share number 0 to 1
---@return string
function chart.meter(share)
  local class = share >= 0.9 and "bad" or share >= 0.75 and "warn" or "s1"
  local width = math.max(0, math.min(1, share)) * 100
  return element("span", { class = "meter" }, svg(100, 8, "", {
    element("rect", { x = 0, y = 0, width = 100, height = 8, rx = 4, class = "track" }),
    element("rect", { x = 0, y = 0, width = width, height = 8, rx = 4, class = class }),
  }))
end

return chart
