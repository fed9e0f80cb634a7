-- Counts what a running attempt or synthesis has used up to now.
-- ARGV: shard, spender, task or '', attempt or job, JSON of all its usage so far
local spender = ARGV[2]
if not spends_still(ARGV[3], ARGV[4]) then return 0 end
local spending = load_spending(spender)
local usage = cjson.decode(ARGV[5])
local since = usage_since(spending.usage, usage)
add_usage(since)
spending.usage = sum_usage(spending.usage, since)
save_spending(spender, spending)
return 1
