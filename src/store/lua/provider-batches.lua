-- Calls of a plan that go out in a provider's batches. `:batches` has a field for each call that
-- waits (`c:<id>`), each batch (`b:<key>`) and each call that nobody needs (`d:<id>`);
-- `:batchcalls` has bodies (`q:<id>`) and answers (`a:<id>`). `:keeper` is the lease of the process
-- that speaks to the provider.
-- ARGV: shard, then an action with its own arguments
-- Returns { 'gone' }, or what its action says.
if redis.call('EXISTS', plan) == 0 then return { 'gone' } end
local batches, calls, lease = plan .. ':batches', plan .. ':batchcalls', plan .. ':keeper'
local action = ARGV[2]

local function is_late(deadline)
  return now >= number('createdAt') + tonumber(deadline)
end

if action == 'add' then
  -- id, JSON of the call, body, deadline in ms; returns { 'known' | 'late' | 'added' }
  local id = ARGV[3]
  if redis.call('HEXISTS', calls, 'q:' .. id) == 1 or redis.call('HEXISTS', calls, 'a:' .. id) == 1 then
    redis.call('HDEL', batches, 'd:' .. id)
    return { 'known' }
  end
  if is_late(ARGV[6]) then return { 'late' } end
  local call = cjson.decode(ARGV[4])
  call.at = now
  redis.call('HSET', batches, 'c:' .. id, cjson.encode(call))
  redis.call('HSET', calls, 'q:' .. id, ARGV[5])
  return { 'added' }
end

if action == 'look' then
  -- token, lease in ms, deadline in ms, ids; returns { 'found', now, late, keeper, fields, answers }
  local token = ARGV[3]
  local holder = redis.call('GET', lease)
  local mine = not holder or holder == token
  if mine then redis.call('SET', lease, token, 'PX', ARGV[4]) end
  local names = {}
  for i = 6, #ARGV do names[#names + 1] = 'a:' .. ARGV[i] end
  return {
    'found', now, is_late(ARGV[5]) and 1 or 0, mine and 1 or 0, redis.call('HGETALL', batches), fields_of(calls, names)
  }
end

if action == 'change' then
  -- token, JSON of { batches = { set, unset }, calls = { set, unset } }; returns { 'changed' | 'lost' }
  if redis.call('GET', lease) ~= ARGV[3] then return { 'lost' } end
  local change = cjson.decode(ARGV[4])
  for field, value in pairs(change.batches.set) do redis.call('HSET', batches, field, value) end
  for field, value in pairs(change.calls.set) do redis.call('HSET', calls, field, value) end
  in_parts('HDEL', batches, change.batches.unset)
  in_parts('HDEL', calls, change.calls.unset)
  return { 'changed' }
end

if action == 'drop' then
  -- ids; one that still waits is removed, one that is under way is marked
  for i = 3, #ARGV do
    local id = ARGV[i]
    if redis.call('HDEL', batches, 'c:' .. id) == 1 then
      redis.call('HDEL', calls, 'q:' .. id)
    else
      redis.call('HSET', batches, 'd:' .. id, 1)
    end
  end
  return { 'changed' }
end

if action == 'forget' then
  for i = 3, #ARGV do
    local id = ARGV[i]
    redis.call('HDEL', batches, 'd:' .. id)
    redis.call('HDEL', calls, 'q:' .. id, 'a:' .. id)
  end
  return { 'changed' }
end

-- 'release': token
if redis.call('GET', lease) == ARGV[3] then redis.call('DEL', lease) end
return { 'changed' }
