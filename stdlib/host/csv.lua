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
---@return fun(): string[]?, boolean? row nil at the end; is_blank: whether the line has nothing, not even quotes
function csv.rows(text, options)
  options = host.options(options, "csv.rows", "separator header")
  local separator = separator_of(options)
  local plain = "^[^\r\n\"" .. host.plain(separator) .. "]*()"
  local position, line = 1, 1
  if text:sub(1, 3) == "\xEF\xBB\xBF" then
    position = 4
  end
  return function()
    if position > #text then
      return nil
    end
    local row = host.list()
    local is_blank = text:find("^[\r\n]", position) ~= nil
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
        return row, is_blank
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
  local result = host.list()
  local number = 0
  for row, is_blank in csv.rows(text, options) do
    number = number + 1
    if not has_names then
      result[#result + 1] = row
    elseif not names then
      names = row
    elseif not is_blank then
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

--- Types whose values are text in a cell.
local TEXTS = { string = true, boolean = true, time = true, duration = true }

--- The text of a cell; nil when its value has none. `special` is a pattern of what is quoted.
local function field_text(value, special, is_safe)
  local kind = host.type_name(value)
  local text
  if value == nil or value == host.null then
    text = ""
  elseif kind == "number" and math.type(value) == "float" then
    -- With as many digits as it needs to read back equal.
    local ok, digits = pcall(host.json_encode, value)
    text = ok and digits
  else
    text = (TEXTS[kind] or kind == "number") and tostring(value)
  end
  if not text then
    return nil
  elseif is_safe and type(value) == "string" and is_formula(text) then
    text = "'" .. text
  end
  if text:find(special) or text:find("^%s") or text:find("%s$")
    -- In front of a file it would be a byte order mark.
    or text:find("^\xEF\xBB\xBF") then
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
  local special = '[\r\n"' .. host.plain(separator) .. "]"
  local lines = {}
  local function add(fields, count, number)
    local texts = {}
    for i = 1, count do
      local text = field_text(fields[i], special, options.safe)
      if not text then
        local kind = host.type_name(fields[i])
        error(("csv.encode: row %d, %s: %s has no form in CSV"):format(number,
          names and tostring(names[i]) or "column " .. i,
          kind == "number" and tostring(fields[i]) or "a " .. kind), 2)
      end
      texts[i] = text
    end
    local text = table.concat(texts, separator)
    -- An empty line has no cell.
    lines[#lines + 1] = text == "" and count == 1 and '""' or text
  end
  if names then
    add(names, #names, 0)
  end
  for number, row in ipairs(rows) do
    if names then
      local fields = {}
      for i, name in ipairs(names) do
        fields[i] = row[name]
      end
      add(fields, #names, number)
    else
      add(row, #row, number)
    end
  end
  lines[#lines + 1] = ""
  return table.concat(lines, ending)
end

return csv
