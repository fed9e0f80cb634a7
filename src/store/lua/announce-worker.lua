-- KEYS: the hash of workers. ARGV: id, what it says of itself as JSON
-- Each entry is when it was first and last seen, by the clock of Redis in ms, and that JSON.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local known = redis.call('HGET', KEYS[1], ARGV[1])
local since = known and string.match(known, '^%d+') or string.format('%.0f', now)
redis.call('HSET', KEYS[1], ARGV[1], since .. ' ' .. string.format('%.0f', now) .. ' ' .. ARGV[2])
