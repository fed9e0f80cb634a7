-- The event log of the plan, the outbox of its webhooks and the message to those who follow it.

local changes = {}

-- Event types that the plan's webhook asked for, ',a,b,'; looked up once a script.
local subscribed

-- Appends to the plan's event log; every change of state goes through here, in the same script.
local function emit(type, data)
  local id = redis.call('XADD', plan .. ':events', '*', 'type', type, 'data', cjson.encode(data))
  changes[#changes + 1] = type .. ' ' .. (data.taskId or '')
  if subscribed == nil then subscribed = redis.call('HGET', plan, 'webhookEvents') or '' end
  if subscribed ~= '' and string.find(subscribed, ',' .. type .. ',', 1, true) then
    -- Written with the event itself, so that no delivery is lost between the two. The id is that of
    -- the delivery; it stays until the delivery is settled.
    redis.call('ZADD', shard .. ':outbox', now, plan_id .. '-' .. id)
    redis.call('HSET', shard .. ':outgoing', plan_id .. '-' .. id, cjson.encode({
      planId = plan_id, eventId = id, type = type, taskId = data.taskId, version = data.version, at = now
    }))
  end
end

-- Writes what was counted, and one message a script, whatever it changed. Called last.
local function publish()
  for field, by in pairs(added) do
    if by ~= 0 then redis.call('HINCRBY', plan, field, by) end
  end
  added = {}
  if #changes > 0 then
    redis.call('PUBLISH', shard .. ':changes', plan_id .. '\n' .. table.concat(changes, '\n'))
  end
end
