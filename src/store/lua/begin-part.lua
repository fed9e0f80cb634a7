-- ARGV: shard, job id of the synthesis, name of the part, its own job id. Answers 'go' | 'over'
if redis.call('EXISTS', plan) == 0 then return 'over' end
if redis.call('SISMEMBER', plan .. ':synthesized', ARGV[2]) == 1 then return 'over' end
if redis.call('HEXISTS', plan .. ':parts', ARGV[2] .. ' ' .. ARGV[3]) == 1 then return 'over' end
-- If an earlier run died before it wrote the part, what it used stays counted.
close_spending(ARGV[4])
return 'go'
