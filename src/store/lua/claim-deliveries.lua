-- Claims a shard's due deliveries for a while. One that is not settled by then is due again,
-- whatever happened to the process that had it.
-- KEYS: the outbox, a sorted set of delivery ids by due time
-- ARGV: shard, how many, ms until an unsettled one is due again. Returns the events, as JSON
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local events = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[2])) do
  local event = redis.call('HGET', ARGV[1] .. ':outgoing', id)
  local plan_id = string.match(id, '^(.-)%-')
  if event and redis.call('EXISTS', ARGV[1] .. ':plan:' .. plan_id) == 1 then
    redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), id)
    events[#events + 1] = event
  else
    redis.call('ZREM', KEYS[1], id)
    redis.call('HDEL', ARGV[1] .. ':outgoing', id)
  end
end
return events
