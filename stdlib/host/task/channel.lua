--- Channels: what `task.channel` gives.
local host = ...

---@class task.Channel passes values between tasks, in order
local Channel = { __name = "channel" }
Channel.__index = Channel

--- Waits until another task wakes this one from a list.
local function wait_in(waiting)
  local place = { gate = host.gate() }
  table.insert(waiting, place)
  local leaving <close> = setmetatable({}, {
    __close = function()
      host.close_gate(place.gate)
      for i, other in ipairs(waiting) do
        if other == place then
          table.remove(waiting, i)
          return
        end
      end
      -- Woken, but cancelled before it could act: the next one may.
      if not place.has_acted and waiting[1] then
        host.open(table.remove(waiting, 1).gate)
      end
    end,
  })
  host.pass(place.gate)
  place.has_acted = true
  local _ = leaving
end

local function wake_first(waiting)
  local place = table.remove(waiting, 1)
  if place then
    host.open(place.gate)
  end
end

--- Sends a value.
---@usage channel:send("x")
---@async
---@param value any not nil
function Channel:send(value)
  if value == nil then
    error("nil cannot be sent through a channel", 2)
  end
  while not self._closed and self._capacity > 0
    and self._last - self._first + 1 >= self._capacity do
    wait_in(self._senders)
  end
  if self._closed then
    error("the channel is closed", 2)
  end
  self._last = self._last + 1
  local number = self._last
  self._values[number] = value
  wake_first(self._receivers)
  while self._capacity == 0 and self._first <= number and not self._closed do
    wait_in(self._handed)
  end
end

--- The next value; nil when the channel is closed and empty.
---@usage channel:receive()
---@async
function Channel:receive()
  while self._first > self._last do
    if self._closed then
      return nil
    end
    wait_in(self._receivers)
  end
  local value = self._values[self._first]
  self._values[self._first] = nil
  self._first = self._first + 1
  wake_first(self._senders)
  -- Whoever handed something over sees for itself whether it was taken.
  for _ = 1, #self._handed do
    wake_first(self._handed)
  end
  return value
end

--- Closes the channel: values in it can still be received, but no more can be sent.
---@usage channel:close()
function Channel:close()
  self._closed = true
  for _, waiting in ipairs { self._senders, self._receivers, self._handed } do
    for _ = 1, #waiting do
      wake_first(waiting)
    end
  end
end

Channel.__close = Channel.close

--- Iterates over the values until the channel is closed and empty.
---@usage for value in channel:each() do print(value) end
function Channel:each()
  return function()
    return self:receive()
  end
end

--- A channel with a capacity.
---@param capacity integer
---@return task.Channel
return function(capacity)
  return setmetatable({
    _capacity = capacity, _values = {}, _first = 1, _last = 0, _closed = false, _senders = {},
    _receivers = {}, _handed = {},
  }, Channel)
end
