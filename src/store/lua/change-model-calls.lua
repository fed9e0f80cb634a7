-- Replaces what is known about the calls of one model, unless another process was faster.
-- KEYS: the model's hash, the index of all models
-- ARGV: the version it was read at ('' for none; 'read' to only read), the new version, the new
-- JSON, the model's key, how long it is kept unused in ms
-- Returns { 1, now } or { 0, now, version, JSON }, with '' for missing values
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local version = redis.call('HGET', KEYS[1], 'version') or ''
if ARGV[1] ~= version then
  return { 0, now, version, redis.call('HGET', KEYS[1], 'calls') or '' }
end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'calls', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('ZADD', KEYS[2], now, ARGV[4])
return { 1, now }
