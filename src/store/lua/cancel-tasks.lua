-- Cancels tasks, all of the given ones or none.
-- ARGV: shard, the statuses they must have, as ',a,b,', or '' for any that has not ended, then
-- their ids; without ids, all tasks of the plan
-- Returns { 'gone' } | { 'unsettled' } | { 'unknown', taskId } | { 'ended', taskId or '' } |
-- { 'cancelled', released units, 1 if some tasks still have to be ended }
if redis.call('EXISTS', plan) == 0 then return { 'gone' } end
if is_requeuing() then return { 'unsettled' } end
local statuses, named = ARGV[2], #ARGV > 2
local ids = {}
for i = 3, #ARGV do ids[#ids + 1] = ARGV[i] end
if not named then ids = cjson.decode(redis.call('GET', plan .. ':ids') or '[]') end

local queued, running = {}, {}
for i, status in ipairs(statuses_of(ids)) do
  local id = ids[i]
  if named and redis.call('HEXISTS', plan .. ':specs', id) == 0 then return { 'unknown', id } end
  if statuses == '' and ENDED[status] then return { 'ended', id } end
  if statuses == '' or string.find(statuses, ',' .. status .. ',', 1, true) then
    if status == 'running' then running[#running + 1] = id else queued[#queued + 1] = id end
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
in_parts('RPUSH', plan .. ':cancelling', queued)
local constrained = number('constrained') == 1
if #queued <= MOST_STEPS then settle_tasks(constrained) end
-- None of the remaining tasks may begin.
in_parts('SADD', plan .. ':cancels', redis.call('LRANGE', plan .. ':cancelling', 0, -1))
settle_plan(constrained)
publish()
return { 'cancelled', to_promote(), is_unsettled() }
