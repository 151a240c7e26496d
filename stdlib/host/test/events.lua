--- What happens in a run, for those who subscribe to it: `{ "test", "end" }`, `{ "failure" }`. As with
--- busted, a subscriber of `{ "failure" }` learns of `{ "failure", "it" }`, too, if those of that let it.

--- The subscribers to events of one name, and channels of longer ones.
local function new_channel(outer)
  return { subscribers = {}, inner = {}, outer = outer }
end

local function channel_of(root, names)
  local channel = root
  for _, name in ipairs(names) do
    channel.inner[name] = channel.inner[name] or new_channel(channel)
    channel = channel.inner[name]
  end
  return channel
end

local function subscribe(channel, body, options)
  local place = #channel.subscribers + 1
  local priority = options and options.priority
  if priority and priority >= 1 and priority < place then
    place = priority
  end
  local subscriber = { id = {}, fn = body, options = options or {} }
  table.insert(channel.subscribers, place, subscriber)
  return subscriber
end

local function unsubscribe(channel, id)
  for i, subscriber in ipairs(channel.subscribers) do
    if subscriber.id == id then
      return table.remove(channel.subscribers, i)
    end
  end
end

--- Calls the subscribers, and those of the outer channels as long as they say that it goes on.
local function publish(channel, ...)
  local results = {}
  while channel do
    for _, subscriber in ipairs(channel.subscribers) do
      local predicate = subscriber.options.predicate
      if not predicate or predicate(...) then
        local value, goes_on = subscriber.fn(...)
        if value then
          results[#results + 1] = value
        end
        if not goes_on then
          return results
        end
      end
    end
    channel = channel.outer
  end
  return results
end

---@return table events
return function()
  local root = new_channel()
  return {
    subscribe = function(names, body, options)
      return subscribe(channel_of(root, names), body, options)
    end,
    unsubscribe = function(id, names)
      return unsubscribe(channel_of(root, names), id)
    end,
    publish = function(names, ...)
      return publish(channel_of(root, names), ...)
    end,
  }
end
