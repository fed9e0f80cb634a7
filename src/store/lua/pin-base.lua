-- Records the commit that all tasks start from, once.
-- ARGV: shard, candidate. Returns the recorded one; if the plan is gone, the candidate, which is
-- then not recorded
if redis.call('EXISTS', plan) == 0 then return ARGV[2] end
redis.call('HSETNX', plan, 'base', ARGV[2])
return header('base')
