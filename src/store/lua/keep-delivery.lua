-- Stores the result of a delivery attempt and when the delivery is due again, in one step.
-- ARGV: shard, id, JSON of the delivery, 'new' | 'again' | 'over', for 'again' the ms until it is
-- due
-- Returns 1, or 0 if the plan is gone and nothing was stored
local id, json, what = ARGV[2], ARGV[3], ARGV[4]
local is_gone = redis.call('EXISTS', plan) == 0
if not is_gone then
  if what == 'new' then
    redis.call('HSETNX', plan .. ':deliveries', id, json)
  else
    redis.call('HSET', plan .. ':deliveries', id, json)
  end
end
if is_gone or what == 'over' then
  redis.call('ZREM', shard .. ':outbox', id)
  redis.call('HDEL', shard .. ':outgoing', id)
elseif what == 'again' then
  redis.call('ZADD', shard .. ':outbox', now + tonumber(ARGV[5]), id)
end
return is_gone and 0 or 1
