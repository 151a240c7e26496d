--- The errors that scripts can take apart, and what values show of themselves.
local host = ...

local Error = { __name = "error" }

--- One readable line: method, code, message, and what else helps.
function Error.__tostring(self)
  local parts = {}
  if self.method then
    parts[#parts + 1] = self.method .. ": "
  end
  parts[#parts + 1] = self.code or "ERROR"
  if self.message and self.message ~= "" then
    parts[#parts + 1] = ": " .. self.message
  end
  if self.trace_id then
    parts[#parts + 1] = " (trace " .. self.trace_id .. ")"
  end
  return table.concat(parts)
end

host.metatable(0, {
  __tostring = function(message)
    return host.show(message)
  end,
})
host.metatable(1, Error)

--- An error object of the host's own.
function host.error(fields)
  return setmetatable(fields, Error)
end
