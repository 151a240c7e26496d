--- Comma-separated values (RFC 4180).
local host = ...

local csv = {}

---@class csv.Options
---@field separator? string one character; a comma when not given
---@field header? boolean|string[] whether the first row has the names (true when not given), or the names

local function separator_of(options)
  local separator = options.separator or ","
  if #separator ~= 1 or separator:find('["\r\n]') then
    error("csv: the separator must be one character other than a quote or line break", 3)
  end
  return separator
end

--- Iterates over rows as lists of texts.
---@usage for row in csv.rows("name,nodes\nsearch,3\n") do print(row[1]) end
---@param text string
---@param options? csv.Options
---@return fun(): string[]?
function csv.rows(text, options)
  options = host.options(options, "csv.rows", "separator header")
  local separator = separator_of(options)
  local plain = "^[^\r\n\"%" .. separator .. "]*()"
  local position, line = 1, 1
  if text:sub(1, 3) == "\xEF\xBB\xBF" then
    position = 4
  end
  return function()
    if position > #text then
      return nil
    end
    local row = {}
    while true do
      local field
      if text:byte(position) == 34 then
        local start = line
        local parts = {}
        position = position + 1
        while true do
          local close = text:find('"', position, true)
          if not close then
            error(("csv: the quote in line %d is not closed"):format(start), 2)
          end
          parts[#parts + 1] = text:sub(position, close - 1)
          position = close + 1
          if text:byte(position) ~= 34 then
            break
          end
          parts[#parts + 1] = '"'
          position = position + 1
        end
        field = table.concat(parts)
        line = line + select(2, field:gsub("\n", ""))
      else
        local after = text:match(plain, position)
        field = text:sub(position, after - 1)
        position = after
      end
      row[#row + 1] = field
      local next_character = text:sub(position, position)
      position = position + 1
      if next_character == "\r" and text:sub(position, position) == "\n" then
        position = position + 1
      end
      if next_character == "" or next_character == "\n" or next_character == "\r" then
        line = line + 1
        return row
      elseif next_character ~= separator then
        error(("csv: line %d has text after a closing quote, or a quote within a field"):format(
          line), 2)
      end
    end
  end
end

--- Decodes a string: a list of tables keyed by the names in the first row, or of lists when there are no names.
---@usage csv.decode("name,nodes\nsearch,3\n")[1].name
---@param text string
---@param options? csv.Options
---@return table[]
function csv.decode(text, options)
  options = host.options(options, "csv.decode", "separator header")
  local names = options.header
  local has_names = names ~= false
  if type(names) ~= "table" then
    names = nil
  end
  local result = {}
  local number = 0
  for row in csv.rows(text, options) do
    number = number + 1
    if not has_names then
      result[#result + 1] = row
    elseif not names then
      names = row
    elseif #row > 1 or row[1] ~= "" then
      if #row > #names then
        error(("csv: row %d has %d fields, but there are %d names"):format(number, #row, #names), 2)
      end
      local record = {}
      for i, name in ipairs(names) do
        record[name] = row[i]
      end
      result[#result + 1] = record
    end
  end
  return result
end

--- Begins like a formula of a spreadsheet.
local function is_formula(text)
  return text:find("^[=+%-@\t\r]") ~= nil
end

local function field_text(value, separator, is_safe)
  local text = value == nil and "" or tostring(value)
  if is_safe and type(value) == "string" and is_formula(text) then
    text = "'" .. text
  end
  if text:find('[\r\n"%' .. separator .. "]") or text:find("^%s") or text:find("%s$") then
    return '"' .. text:gsub('"', '""') .. '"'
  end
  return text
end

--- Encodes lists, or tables whose names are `options.header` or else all names that occur, sorted.
--- Lines end with CR LF (RFC 4180) unless `options.line` is given. With `options.safe`, strings that a
--- spreadsheet would read as formulas (`=1+1`) are prefixed with an apostrophe.
---@usage csv.encode { { name = "search", nodes = 3 } }
---@param rows table[]
---@param options? { separator?: string, header?: string[]|boolean, line?: string, safe?: boolean }
---@return string
function csv.encode(rows, options)
  options = host.options(options, "csv.encode", "separator header line safe")
  local separator = separator_of(options)
  local ending = options.line or "\r\n"
  local names = options.header
  if names == nil or names == true then
    names = nil
    local seen, found = {}, {}
    for _, row in ipairs(rows) do
      for key in pairs(row) do
        if type(key) == "string" and not seen[key] then
          seen[key] = true
          found[#found + 1] = key
        end
      end
    end
    if #found > 0 then
      table.sort(found)
      names = found
    end
  end
  local lines = {}
  local function add(fields, count)
    local texts = {}
    for i = 1, count do
      texts[i] = field_text(fields[i], separator, options.safe)
    end
    lines[#lines + 1] = table.concat(texts, separator)
  end
  if names then
    add(names, #names)
  end
  for _, row in ipairs(rows) do
    if names then
      local fields = {}
      for i, name in ipairs(names) do
        fields[i] = row[name]
      end
      add(fields, #names)
    else
      add(row, #row)
    end
  end
  lines[#lines + 1] = ""
  return table.concat(lines, ending)
end

return csv
