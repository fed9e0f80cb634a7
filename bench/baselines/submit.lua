-- KEYS: the queue. ARGV: id of the plan, then each task.
local id = ARGV[1]
redis.call('SET', id .. ':left', #ARGV - 1)
for n = 2, #ARGV do
  redis.call('HSET', id .. ':in', n, ARGV[n])
  redis.call('RPUSH', KEYS[1], id .. ' ' .. n)
end
redis.call('PUBLISH', KEYS[1], id)
