--- The texts that a declaration of arguments makes: its help, and completion for bash.
local host = ...

local pages = {}

--- The usage line, and the rows of the help by their groups: a name as it is shown, an argument.
local function rows_of(parts)
  local usage = { "Usage: " .. parts.name, "[options]" }
  local rows = { positions = {}, options = {} }
  for _, argument in ipairs(parts.all) do
    local name = argument.shown
    if argument.is_option then
      local both = (argument.short and argument.long) and argument.short .. ", " .. argument.long
        or (argument.long and "    " .. argument.long or argument.short)
      if argument.type ~= "flag" then
        both = both .. " <" .. argument.value .. ">"
      end
      table.insert(rows.options, { both, argument })
      if argument.required then
        table.insert(usage, ("%s <%s>"):format(argument.shown, argument.value))
      end
    else
      name = "<" .. name .. ">" .. (argument.many and "…" or "")
      table.insert(usage, argument.required and name or "[" .. name .. "]")
      table.insert(rows.positions, { name, argument })
    end
  end
  table.insert(rows.options, { "-h, --help", { about = "Show this help." } })
  return table.concat(usage, " "), rows
end

--- What is said of an argument: its own words, and its choices, default and source.
local function about(argument)
  local notes = {}
  if type(argument.type) == "table" and not argument.is_option then
    notes[#notes + 1] = table.concat(argument.type, " or ")
  end
  if argument.default ~= nil and argument.type ~= "flag" and type(argument.default) ~= "table" then
    notes[#notes + 1] = "default " .. tostring(argument.default)
  end
  if argument.many and argument.is_option then
    notes[#notes + 1] = "may be repeated"
  end
  if argument.env then
    notes[#notes + 1] = "from " .. argument.env
  end
  if argument.required and argument.is_option then
    notes[#notes + 1] = "required"
  end
  local text = argument.about or ""
  if #notes == 0 then
    return text
  end
  return text .. (text ~= "" and " " or "") .. "(" .. table.concat(notes, "; ") .. ")"
end

--- The help of a declaration.
function pages.help(parts)
  local usage, rows = rows_of(parts)
  local lines = parts.about and { parts.about, "", usage } or { usage }
  local widest = 0
  for _, group in pairs(rows) do
    for _, row in ipairs(group) do
      widest = math.max(widest, host.term_columns(row[1]))
    end
  end
  for _, group in ipairs { { "Arguments:", rows.positions }, { "Options:", rows.options } } do
    if #group[2] > 0 then
      table.insert(lines, "")
      table.insert(lines, group[1])
    end
    for _, row in ipairs(group[2]) do
      local space = (" "):rep(widest - host.term_columns(row[1]) + 2)
      table.insert(lines, (("  " .. row[1] .. space .. about(row[2])):gsub("%s+$", "")))
    end
  end
  if parts.epilog then
    table.insert(lines, "")
    table.insert(lines, parts.epilog)
  end
  return table.concat(lines, "\n")
end

--- A completion function for bash.
function pages.completion(parts)
  local words, cases = { "--help" }, {}
  local complete = "    %s) COMPREPLY=($(compgen %s -- \"$word\")); return;;"
  for _, argument in ipairs(parts.all) do
    if argument.is_option then
      words[#words + 1] = argument.long or argument.short
      local names = table.concat({ argument.long or argument.short,
        argument.long and argument.short or nil }, "|")
      if type(argument.type) == "table" then
        cases[#cases + 1] = complete:format(names,
          "-W '" .. table.concat(argument.type, " ") .. "'")
      elseif argument.type == "file" then
        cases[#cases + 1] = complete:format(names, "-f")
      end
    end
  end
  local identifier = "_" .. parts.file:gsub("%W", "_")
  local choices = #cases > 0 and ('  case "${COMP_WORDS[COMP_CWORD-1]}" in\n%s\n  esac\n'):format(
    table.concat(cases, "\n")) or ""
  return ([[
%s() {
  local word="${COMP_WORDS[COMP_CWORD]}"
%s  case "$word" in
    -*) COMPREPLY=($(compgen -W '%s' -- "$word"));;
    *) COMPREPLY=($(compgen -f -- "$word"));;
  esac
}
complete -F %s %s]]):format(identifier, choices, table.concat(words, " "), identifier, parts.file)
end

return pages
