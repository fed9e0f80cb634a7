-- Keeps pieces of what running tasks write, for live readers and those who join late. It expires a
-- while after the last piece, and its older half is dropped when there is too much of it: the
-- output is kept elsewhere.
-- ARGV: shard, bytes to keep, for how many ms, then for each piece: taskId, attempt, the characters
-- of the attempt before it, its text
if redis.call('EXISTS', plan) == 0 then return {} end
local key = plan .. ':text'
-- The size of an entry without its text.
local ENTRY = 64
local bytes = 0
if redis.call('EXISTS', key) == 0 then redis.call('HDEL', plan, 'textBytes') end
for i = 4, #ARGV, 4 do
  redis.call('XADD', key, '*', 'task', ARGV[i], 'attempt', ARGV[i + 1], 'offset', ARGV[i + 2], 'text', ARGV[i + 3])
  bytes = bytes + #ARGV[i + 3] + ENTRY
end
local held = redis.call('HINCRBY', plan, 'textBytes', bytes)
if held > tonumber(ARGV[2]) then
  redis.call('XTRIM', key, 'MAXLEN', math.floor(redis.call('XLEN', key) / 2))
  redis.call('HSET', plan, 'textBytes', math.floor(held / 2))
end
redis.call('PEXPIRE', key, ARGV[3])
redis.call('PUBLISH', shard .. ':text', plan_id)
return {}
