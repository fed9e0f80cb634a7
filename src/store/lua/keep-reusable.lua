-- Lists a task under the key of its inputs. The tenant's oldest entries go when there are too many, or when they refer
-- to more bytes than allowed. KEYS[1] starts all keys of the tenant: `:of:<key>` has the tasks of a key by age, `:all`
-- those of all keys, `:refs` for each task '<key> <bytes>', `:plan:<id>` the tasks of a plan, `:bytes` the sum, which is
-- missing after a deletion: a full Redis deletes, but counts nothing.
-- ARGV: key, task as '<plan> <task>', plan, bytes, the most bytes and entries of the tenant, the most tasks of a key, time
local base = KEYS[1]
local key, ref, bytes, most_bytes = ARGV[1], ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[5])
local most_entries, most_of_key = tonumber(ARGV[6]), tonumber(ARGV[7])

local sum = tonumber(redis.call('GET', base .. ':bytes') or '')
if not sum then
  sum = 0
  for _, entry in ipairs(redis.call('HVALS', base .. ':refs')) do
    sum = sum + tonumber(string.match(entry, '%d+$'))
  end
end

local function remove(old)
  local old_key, old_bytes = string.match(redis.call('HGET', base .. ':refs', old) or '', '^(%S+) (%d+)$')
  if not old_key then return end
  redis.call('HDEL', base .. ':refs', old)
  redis.call('ZREM', base .. ':all', old)
  redis.call('ZREM', base .. ':of:' .. old_key, old)
  redis.call('SREM', base .. ':plan:' .. string.match(old, '^%S+'), old)
  sum = sum - tonumber(old_bytes)
end

remove(ref)
if bytes <= most_bytes then
  redis.call('HSET', base .. ':refs', ref, key .. ' ' .. ARGV[4])
  redis.call('ZADD', base .. ':all', ARGV[8], ref)
  redis.call('ZADD', base .. ':of:' .. key, ARGV[8], ref)
  redis.call('SADD', base .. ':plan:' .. ARGV[3], ref)
  sum = sum + bytes
end
for _, old in ipairs(redis.call('ZRANGE', base .. ':of:' .. key, 0, -1 - most_of_key)) do remove(old) end
-- A few at a time: the next entry removes more.
for _ = 1, 50 do
  if sum <= most_bytes and redis.call('HLEN', base .. ':refs') <= most_entries then break end
  local oldest = redis.call('ZRANGE', base .. ':all', 0, 0)[1]
  if not oldest then break end
  remove(oldest)
end
if redis.call('EXISTS', base .. ':refs') == 1 then
  redis.call('SET', base .. ':bytes', string.format('%.0f', sum))
else
  redis.call('DEL', base .. ':bytes')
end
