--- Methods that check their receiver first.
---
--- Frames of this file do not count as callers (`is_called_from_inside` in arguments.c): a call of the
--- function that is returned here is a call of the method.
local host = ...

local function pass(...)
  return ...
end

--- A function that has its first argument checked before it calls a method. No tail call, which
--- would remove the method's caller.
function host.with_receiver(method, check)
  return function(self, ...)
    check(self)
    return pass(method(self, ...))
  end
end
