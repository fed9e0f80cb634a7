-- Records the commit that all tasks start from, once.
-- ARGV: shard, candidate. Answers the recorded one; for a plan that is gone the candidate, kept nowhere
if redis.call('EXISTS', plan) == 0 then return ARGV[2] end
redis.call('HSETNX', plan, 'base', ARGV[2])
return header('base')
