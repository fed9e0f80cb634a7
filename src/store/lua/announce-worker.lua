-- KEYS: the hash of workers. ARGV: id, the worker's description as JSON
-- An entry is the times when it was first and last seen, in ms by Redis's clock, and that JSON.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local known = redis.call('HGET', KEYS[1], ARGV[1])
local since = known and string.match(known, '^%d+') or string.format('%.0f', now)
redis.call('HSET', KEYS[1], ARGV[1], since .. ' ' .. string.format('%.0f', now) .. ' ' .. ARGV[2])
