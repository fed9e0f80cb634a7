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

-- The first of the given ids that is not the id of a task.
local function first_unknown()
  if not named then return nil end
  local known
  if #ids > MOST_STEPS then
    known = {}
    for _, id in ipairs(cjson.decode(redis.call('GET', plan .. ':ids'))) do known[id] = true end
  end
  for _, id in ipairs(ids) do
    local is_known
    if known then is_known = known[id] else is_known = redis.call('HEXISTS', plan .. ':specs', id) == 1 end
    if not is_known then return id end
  end
end

local unknown = first_unknown()
if unknown then return { 'unknown', unknown } end
local queued, running = {}, {}
for i, status in ipairs(statuses_of(ids)) do
  local id = ids[i]
  if statuses == '' and ENDED[status] then return { 'ended', id } end
  if statuses == '' or string.find(statuses, ',' .. status .. ',', 1, true) then
    if status == 'running' then running[#running + 1] = id else queued[#queued + 1] = id end
  end
end
if #queued + #running == 0 then return { 'ended', '' } end

write_together()
for _, id in ipairs(running) do
  local task = load_task(id)
  task.cancel = true
  save_task(id, task)
  redis.call('PUBLISH', shard .. ':control', plan_id .. ' ' .. id .. ' cancelled')
end
in_parts('SADD', plan .. ':cancels', running)
in_parts('RPUSH', plan .. ':cancelling', queued)
local constrained = number('constrained') == 1
-- The list alone is work enough for one script if it is long. None of the tasks on it begins.
if #queued <= MOST_STEPS then settle_tasks(constrained) end
settle_plan(constrained)
publish()
return { 'cancelled', to_promote(), is_unsettled() }
