-- Cancels tasks, all of those asked for or none.
-- ARGV: shard, the statuses they must have, ',a,b,', or '' for any but ended, then their ids; none for all of the plan
-- Answers { 'gone' } | { 'unknown', taskId } | { 'ended', taskId or '' } | { 'cancelled', released units }
if redis.call('EXISTS', plan) == 0 then return { 'gone' } end
local statuses, named = ARGV[2], #ARGV > 2
local ids = {}
for i = 3, #ARGV do ids[#ids + 1] = ARGV[i] end
if not named then ids = cjson.decode(redis.call('GET', plan .. ':ids') or '[]') end

local chosen = {}
for _, id in ipairs(ids) do
  if named and redis.call('HEXISTS', plan .. ':specs', id) == 0 then return { 'unknown', id } end
  local status = load_task(id).status
  if statuses == '' and ENDED[status] then return { 'ended', id } end
  if statuses == '' or string.find(statuses, ',' .. status .. ',', 1, true) then chosen[#chosen + 1] = id end
end
if #chosen == 0 then return { 'ended', '' } end

local constrained = number('constrained') == 1
for _, id in ipairs(chosen) do
  local task = load_task(id)
  if task.status == 'running' then
    task.cancel = true
    save_task(id, task)
    redis.call('SADD', plan .. ':cancels', id)
    redis.call('PUBLISH', shard .. ':control', plan_id .. ' ' .. id .. ' cancelled')
  elseif not ENDED[task.status] then
    -- Skipped meanwhile, where it waits for another one of them.
    task.error = { code = 'cancelled', message = 'The task was cancelled.' }
    end_task(id, task, 'cancelled', constrained)
  end
end
if constrained then release_ready() end
publish()
return { 'cancelled', to_promote() }
