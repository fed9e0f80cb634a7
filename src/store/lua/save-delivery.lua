-- ARGV: shard, id of the delivery, its JSON, 1 for a new one, which does not replace one that was attempted
-- Answers 0 for a plan that is gone: then nothing is kept
if redis.call('EXISTS', plan) == 0 then return 0 end
redis.call(ARGV[4] == '1' and 'HSETNX' or 'HSET', plan .. ':deliveries', ARGV[2], ARGV[3])
return 1
