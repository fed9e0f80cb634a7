-- ARGV: shard, first unit of the batch. Answers the units to promote: those that were released before
-- they had jobs.
-- Not on a plan that was deleted meanwhile: it must not come back as a header of one field.
if redis.call('EXISTS', plan) == 0 then return {} end
-- Not by one that comes late, while another batch is on its way.
local batch = header('batch')
if batch and cjson.decode(batch).firstUnit ~= tonumber(ARGV[2]) then return {} end
redis.call('HSET', plan, 'enqueued', 1)
redis.call('HDEL', plan, 'batch')
return redis.call('SMEMBERS', plan .. ':released')
