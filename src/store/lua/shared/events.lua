-- The plan's event log, its webhook's outbox and the message to its followers.

local changes = {}

-- The event types that the plan's webhook asked for, ',a,b,'; looked up once per script.
local subscribed

-- Appends to the plan's event log. Every change of state goes through here, in the same script.
-- `json` is the data if that is encoded already.
local function emit(type, data, json)
  local id = redis.call('XADD', plan .. ':events', '*', 'type', type, 'data', json or cjson.encode(data))
  changes[#changes + 1] = type .. ' ' .. (data.taskId or '')
  if subscribed == nil then subscribed = header('webhookEvents') or '' end
  if subscribed ~= '' and string.find(subscribed, ',' .. type .. ',', 1, true) then
    -- Written together with the event, so that no delivery can be lost in between. The id is the
    -- delivery's; it stays until the delivery is settled.
    redis.call('ZADD', shard .. ':outbox', now, plan_id .. '-' .. id)
    redis.call('HSET', shard .. ':outgoing', plan_id .. '-' .. id, cjson.encode({
      planId = plan_id, eventId = id, type = type, taskId = data.taskId, version = data.version,
      step = type == 'step.finished' and data.number or nil, at = now
    }))
  end
end

-- Writes the counters and one message per script, however much changed. Called last.
local function publish()
  for command, keys in pairs(later or {}) do
    for suffix, arguments in pairs(keys) do in_parts(command, plan .. suffix, arguments) end
  end
  for field, by in pairs(added) do
    if by ~= 0 then redis.call('HINCRBY', plan, field, by) end
  end
  added = {}
  if #changes > 0 then
    redis.call('PUBLISH', shard .. ':changes', plan_id .. '\n' .. table.concat(changes, '\n'))
  end
end
