-- Cancels tasks, all of the given ones or none.
-- ARGV: shard, the statuses they must have, as ',a,b,', or '' for any that has not ended, then
-- their ids; without ids, all tasks of the plan
-- Returns { 'gone' } | { 'unknown', taskId } | { 'ended', taskId or '' } | { 'cancelled', released
-- units, 1 if some tasks still have to be ended }
if redis.call('EXISTS', plan) == 0 then return { 'gone' } end
local statuses, named = ARGV[2], #ARGV > 2
local ids = {}
for i = 3, #ARGV do ids[#ids + 1] = ARGV[i] end
if not named then ids = cjson.decode(redis.call('GET', plan .. ':ids') or '[]') end

-- Matches in the stored records, which are too many to decode.
local function statuses_of(some)
  local result = {}
  for i, raw in ipairs(redis.call('HMGET', plan .. ':tasks', unpack(some))) do
    result[i] = raw and string.match(raw, '"status":"(%a+)"') or 'queued'
  end
  return result
end

local AT_ONCE = 1000
local queued, running = {}, {}
for first = 1, #ids, AT_ONCE do
  local some = { unpack(ids, first, math.min(first + AT_ONCE - 1, #ids)) }
  for i, status in ipairs(statuses_of(some)) do
    local id = some[i]
    if named and redis.call('HEXISTS', plan .. ':specs', id) == 0 then return { 'unknown', id } end
    if statuses == '' and ENDED[status] then return { 'ended', id } end
    if statuses == '' or string.find(statuses, ',' .. status .. ',', 1, true) then
      if status == 'running' then running[#running + 1] = id else queued[#queued + 1] = id end
    end
  end
end
if #queued + #running == 0 then return { 'ended', '' } end

for _, id in ipairs(running) do
  local task = load_task(id)
  task.cancel = true
  save_task(id, task)
  redis.call('SADD', plan .. ':cancels', id)
  redis.call('PUBLISH', shard .. ':control', plan_id .. ' ' .. id .. ' cancelled')
end
for first = 1, #queued, AT_ONCE do
  redis.call('RPUSH', plan .. ':cancelling', unpack(queued, first, math.min(first + AT_ONCE - 1, #queued)))
end
local constrained = number('constrained') == 1
if #queued <= MOST_STEPS then settle_tasks(constrained) end
-- None of the remaining tasks may begin.
local left = redis.call('LRANGE', plan .. ':cancelling', 0, -1)
for first = 1, #left, AT_ONCE do
  redis.call('SADD', plan .. ':cancels', unpack(left, first, math.min(first + AT_ONCE - 1, #left)))
end
settle_plan(constrained)
publish()
return { 'cancelled', to_promote(), is_unsettled() }
