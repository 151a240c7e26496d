--- The terminal: width, colour, tables, progress, questions. Progress and questions are on standard
--- error or the terminal itself, so that standard output has data only.
local host = ...

local term = {}

--- Columns and rows; 80 and 24 when there is no terminal.
---@usage term.size()
---@return integer columns
---@return integer rows
function term.size()
  local columns, rows = host.term_size()
  local fixed = math.tointeger(tonumber(host.setting("COLUMNS") or ""))
  return columns or fixed or 80, rows or 24
end

--- Whether a stream is a terminal.
---@usage term.is_terminal("stdout")
---@param stream? "stdin"|"stdout"|"stderr" stderr when not given
---@return boolean
function term.is_terminal(stream)
  return host.term_is_terminal(stream or "stderr")
end

--- How many columns a text takes: two for wide characters, none for combining ones.
---@usage term.width("日本")
---@param text string
---@return integer
function term.width(text)
  return host.term_columns((text:gsub("\27%[[%d;]*m", "")))
end

--- Makes control characters visible, so that an untrusted string cannot control the terminal.
---@usage term.safe("a\27[31m")
---@param text string
---@return string
function term.safe(text)
  return host.term_safe(text)
end

-- Colour --------------------------------------------------------------------------------------

local codes = {
  bold = 1, dim = 2, italic = 3, underline = 4, inverse = 7, black = 30, red = 31, green = 32,
  yellow = 33, blue = 34, magenta = 35, cyan = 36, white = 37, grey = 90,
}

--- Whether colour is used: on a terminal, unless NO_COLOR is set or the terminal is dumb.
---@usage term.has_colour()
---@param stream? "stdout"|"stderr" stdout when not given
---@return boolean
function term.has_colour(stream)
  local mode = host.setting("QCSH_COLOR")
  if mode == "always" or mode == "never" then
    return mode == "always"
  end
  return not host.setting("NO_COLOR") and host.setting("TERM") ~= "dumb"
    and host.term_is_terminal(stream or "stdout")
end

--- A text in a style like "red" or "bold green"; as it is where colour is off.
---@usage term.style("bold green", "ready")
---@param style string
---@param text string|number
---@param stream? "stdout"|"stderr"
---@return string
function term.style(style, text, stream)
  local numbers = {}
  for name in style:gmatch("%S+") do
    if not codes[name] then
      error(("term.style: unknown style \"%s\""):format(name), 2)
    end
    numbers[#numbers + 1] = codes[name]
  end
  if not term.has_colour(stream) then
    return tostring(text)
  end
  return ("\27[%sm%s\27[0m"):format(table.concat(numbers, ";"), text)
end

-- Tables --------------------------------------------------------------------------------------

---@class term.Column
---@field [1] string the name
---@field key? string|integer the row's key to show; the name in lower case when not given
---@field right? boolean
---@field format? fun(value: any, row: table): string

--- The names of a row, sorted.
local function names_of(row)
  local names = {}
  for name in pairs(row or {}) do
    names[#names + 1] = tostring(name)
  end
  table.sort(names)
  return names
end

--- A column as a table: its name, the key of its values, how they stand and are shown.
local function column_of(column)
  if type(column) ~= "table" then
    return { name = tostring(column), key = column }
  end
  return {
    name = tostring(column[1]), key = column.key or tostring(column[1]):lower(),
    right = column.right, format = column.format,
  }
end

--- A value as the text of a cell.
local function cell(value, column, row)
  local text = value
  if column.format then
    text = column.format(value, row)
  elseif value == nil then
    text = ""
  elseif type(value) ~= "string" then
    text = host.show(value)
  end
  return term.safe((tostring(text):gsub("[\r\n\t]+", " ")))
end

--- Whether all rows have a number, or nothing, in a column: those stand right.
local function is_numeric(rows, key)
  for _, row in ipairs(rows) do
    local value = row[key]
    if value ~= nil and type(value) ~= "number" then
      return false
    end
  end
  return #rows > 0
end

--- Formats a table: one line per row, columns as wide as needed and as the terminal allows.
---@usage term.table({ { name = "search", nodes = 3 } }, { "name", "nodes" })
---@param rows table[]
---@param columns? (string|term.Column)[] all names of the first row, sorted, when not given
---@param options? { width?: integer, header?: boolean }
---@return string
function term.table(rows, columns, options)
  options = host.options(options, "term.table", "width header")
  local all, titles, cells = {}, {}, {}
  for i, column in ipairs(columns or names_of(rows[1])) do
    local one = column_of(column)
    if one.right == nil then
      one.right = is_numeric(rows, one.key)
    end
    all[i], titles[i] = one, { one.name, one.right }
  end
  for r, row in ipairs(rows) do
    cells[r] = {}
    for i, column in ipairs(all) do
      cells[r][i] = cell(row[column.key], column, row)
    end
  end
  return host.term_table(titles, cells, options.width or term.size(), options.header ~= false,
    term.has_colour())
end

-- Progress ------------------------------------------------------------------------------------

---@class term.Progress a line on standard error that disappears when it is closed; nothing where
--- standard error is not a terminal
local Progress = { __name = "progress" }
Progress.__index = Progress

local frames = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏" }

--- What turns, the oldest first: there is one line for all.
local turning = {}

--- How long it has taken, and how long that usually takes.
local function elapsed(self)
  local seconds = host.monotonic() - self._started
  local parts = {}
  if seconds >= 1 then
    parts[1] = require("time").human(math.floor(seconds))
  end
  if self.usual then
    parts[#parts + 1] = "usually " .. require("time").human(self.usual)
  end
  return #parts > 0 and (" (%s)"):format(table.concat(parts, ", ")) or ""
end

local function draw(self)
  if host.shell_wait and not self.total then
    if self._turning ~= false then
      host.shell_wait(self._number, self.text, self.usual)
    end
    return
  elseif not self._shown then
    return
  end
  local columns = term.size()
  local text
  if self.total then
    local share = self.total > 0 and math.min(1, self.done / self.total) or 1
    local width = math.max(10, math.min(30, columns - 40))
    local full = math.floor(share * width + 0.5)
    text = ("%s %s%s %d/%d"):format(self.text, ("█"):rep(full), ("░"):rep(width - full),
      self.done, self.total)
  elseif turning[1] ~= self then
    return
  else
    self._frame = (self._frame or 0) % #frames + 1
    text = frames[self._frame] .. " " .. self.text
    if #turning > 1 then
      text = ("%s and %d more"):format(text, #turning - 1)
    end
  end
  host.term_draw("\r" .. host.term_cut(term.safe(text .. elapsed(self)), columns - 1) .. "\27[K")
end

--- Shows another text.
---@usage bar:update("nearly")
---@param text string|number
function Progress:update(text)
  self.text = text
  draw(self)
end

--- Notes that more is done.
---@usage bar:step()
---@param count? integer 1 when not given
function Progress:step(count)
  self.done = self.done + (count or 1)
  draw(self)
end

--- Writes a line above.
---@usage bar:print("one is done")
---@param text string|number
function Progress:print(text)
  if self._shown then
    host.term_draw("\r\27[K")
  end
  host.term_write(term.safe(text) .. "\n")
  draw(self)
end

--- Takes the line away.
---@usage bar:close()
function Progress:close()
  if self._shown then
    self._shown = false
    host.term_draw("\r\27[K")
  end
  if self._number then
    for i, other in ipairs(turning) do
      if other == self then
        table.remove(turning, i)
      end
    end
    if host.shell_wait then
      host.shell_wait(self._number)
    end
  end
  if self._turning then
    self._turning:cancel()
  end
  self._turning = false
end

Progress.__close = Progress.close

local function begin(text, total, usual)
  local shown = host.term_is_terminal("stderr") and host.setting("TERM") ~= "dumb"
  return setmetatable({
    text = text or "", total = total, usual = usual, done = 0, _shown = shown,
    _started = host.monotonic(),
  }, Progress)
end

--- A bar for a known number of steps: `local bar <close> = term.progress("copying", 12)`.
---@usage local bar <close> = term.progress("copying", 2) bar:step()
---@param text? string
---@param total integer
---@return term.Progress
function term.progress(text, total)
  if math.type(total) ~= "integer" or total < 0 then
    error("term.progress needs the number of steps", 2)
  end
  local self = begin(text, total)
  draw(self)
  return self
end

local last = 0

--- A spinner to show while waiting: `local wait <close> = term.spinner("creating")`. Concurrent
--- spinners share a line.
---@usage local wait <close> = term.spinner("creating", { usual = 90 })
---@param text? string
---@param options? { usual?: number } usual: how many seconds this takes as a rule
---@return term.Progress
function term.spinner(text, options)
  local self = begin(text, nil, host.options(options, "term.spinner", "usual").usual)
  last = last + 1
  self._number = last
  turning[#turning + 1] = self
  draw(self)
  -- The shell's own line turns by itself.
  if self._shown and not host.shell_wait then
    local task = require "task"
    self._turning = task.spawn(function()
      while true do
        task.sleep(0.1)
        draw(self)
      end
    end)
  end
  return self
end

-- Questions -----------------------------------------------------------------------------------

--- Asks for a line at the terminal; an empty one means the default.
---@usage term.ask("Which region?", "eu-central-1")
---@async
---@param question string
---@param default? string
---@return string?
function term.ask(question, default)
  local shown = default and ("%s [%s]: "):format(question, default) or question .. ": "
  local line = host.term_read_line(shown, false)
  if line == "" then
    return default
  end
  return line
end

--- Asks until the answer is yes or no.
---@usage term.confirm("Delete it?")
---@async
---@param question string
---@param default? boolean the meaning of an empty answer; when not given, the question is repeated
---@return boolean
function term.confirm(question, default)
  local hint = default == nil and "y/n" or default and "Y/n" or "y/N"
  while true do
    local line = host.term_read_line(("%s [%s] "):format(question, hint), false)
    if line == nil then
      return false
    end
    line = line:lower():gsub("%s", "")
    if line == "y" or line == "yes" then
      return true
    elseif line == "n" or line == "no" then
      return false
    elseif line == "" and default ~= nil then
      return default
    end
  end
end

--- Asks which of several is meant, by number or by text.
---@usage term.choose("Which one?", { "a", "b" })
---@async
---@param question string
---@param choices string[]
---@return string?
function term.choose(question, choices)
  local lines = { question }
  for i, choice in ipairs(choices) do
    lines[#lines + 1] = ("  %d  %s"):format(i, term.safe(choice))
  end
  lines[#lines + 1] = "number: "
  while true do
    local line = host.term_read_line(table.concat(lines, "\n"), false)
    if line == nil then
      return nil
    end
    local number = math.tointeger(tonumber(line))
    if number and choices[number] then
      return choices[number]
    end
    for _, choice in ipairs(choices) do
      if choice == line then
        return choice
      end
    end
  end
end

return term
