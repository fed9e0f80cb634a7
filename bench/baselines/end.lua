-- KEYS: the leases. ARGV: name and output of each task that has ended.
-- Returns the plans that have no tasks left.
local over = {}
for i = 1, #ARGV, 2 do
  if redis.call('ZREM', KEYS[1], ARGV[i]) == 1 then
    local id, n = string.match(ARGV[i], '(%S+) (%d+)')
    redis.call('HSET', id .. ':out', n, ARGV[i + 1])
    if redis.call('DECR', id .. ':left') == 0 then over[#over + 1] = id end
  end
end
return over
