-- Stores a plan, unless its Idempotency-Key already names one.
-- ARGV: shard, prefix of the staged keys or '', their number, their suffixes, record of the
-- Idempotency-Key or '', number of header pairs, the pairs, context, ids, tenant index key, deadline in ms or 0, then
-- for each write that was not staged: command, suffix of the key, number of arguments, the arguments
-- Returns { 'created', now, round } | { 'exists', plan id, hash of its request }
local existing = redis.call('HGET', plan, 'requestHash')
if existing then return { 'exists', plan_id, existing } end
local at = 2
local staged = ARGV[at]; at = at + 1
local first_suffix = at + 1
local last_suffix = at + tonumber(ARGV[at]); at = last_suffix + 1
local key_record = ARGV[at]; at = at + 1
if key_record ~= '' then
  local known_id, known_hash = string.match(redis.call('GET', key_record) or '', '^(%S+) (%S+)$')
  if known_id then return { 'exists', known_id, known_hash } end
end
local pairs_count = tonumber(ARGV[at]); at = at + 1
redis.call('HSET', plan, 'createdAt', now, unpack(ARGV, at, at + 2 * pairs_count - 1))
at = at + 2 * pairs_count
if key_record ~= '' then
  redis.call('SET', key_record, plan_id .. ' ' .. header('requestHash'))
  redis.call('HSET', plan, 'keyRecord', key_record)
end
local context = ARGV[at]; at = at + 1
if context ~= '' then redis.call('SET', plan .. ':context', context) end
redis.call('SET', plan .. ':ids', ARGV[at]); at = at + 1
redis.call('ZADD', ARGV[at], now, plan_id); at = at + 1
local timeout = tonumber(ARGV[at]); at = at + 1
if timeout > 0 then redis.call('ZADD', shard .. ':deadlines', now + timeout, plan_id) end
redis.call('ZADD', shard .. ':active', now, plan_id)
for i = first_suffix, last_suffix do
  redis.call('RENAME', staged .. ':' .. ARGV[i], plan .. ':' .. ARGV[i])
  redis.call('PERSIST', plan .. ':' .. ARGV[i])
end
while at <= #ARGV do
  local command, key, count = ARGV[at], plan .. ARGV[at + 1], tonumber(ARGV[at + 2])
  at = at + 3
  -- An even number at a time: fields and their values stay together.
  for first = at, at + count - 1, AT_ONCE do
    redis.call(command, key, unpack(ARGV, first, math.min(first + AT_ONCE, at + count) - 1))
  end
  at = at + count
end
emit('plan.queued', { at = now, counts = counts() })
publish()
-- The fair-queueing round that the busiest queue has reached: a new plan starts there.
return { 'created', tostring(now), redis.call('GET', shard .. ':round') or '0' }
