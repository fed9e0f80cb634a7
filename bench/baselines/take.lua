-- KEYS: the queue, the leases. ARGV: how many, when their lease ends.
-- Returns the name and text of each task, alternating.
local answer = {}
for _, name in ipairs(redis.call('LPOP', KEYS[1], ARGV[1]) or {}) do
  redis.call('ZADD', KEYS[2], ARGV[2], name)
  local id, n = string.match(name, '(%S+) (%d+)')
  answer[#answer + 1] = name
  answer[#answer + 1] = redis.call('HGET', id .. ':in', n)
end
return answer
