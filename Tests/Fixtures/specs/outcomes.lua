-- An output handler of busted: a line for each spec, in order, and for each error outside of specs.
--
--   busted -o Tests/Fixtures/specs/outcomes.lua FILE
local words = { success = "ok", failure = "failed", error = "failed", pending = "pending" }

return function()
  local busted = require "busted"
  local handler = require "busted.outputHandlers.base"()

  busted.subscribe({ "test", "end" }, function(element, _, status)
    io.write("-> ", words[status], " ", handler.getFullName(element), "\n")
    return nil, true
  end)
  busted.subscribe({ "error" }, function(element)
    if element.descriptor ~= "it" then
      io.write("-> error\n")
    end
    return nil, true
  end)
  return { subscribe = function() end }
end
