-- Counts what a running attempt or synthesis has used up to now.
-- ARGV: shard, spender, task or '', attempt or job, JSON of all its usage so far
if not spends_still(ARGV[3], ARGV[4]) then return 0 end
count_usage(ARGV[2], cjson.decode(ARGV[5]))
return 1
