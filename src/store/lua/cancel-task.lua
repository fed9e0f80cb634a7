-- ARGV: shard, taskId. Answers { 'gone' | 'unknown' | 'ended' | 'cancelled' | 'cancelling', released units }
local id = ARGV[2]
if redis.call('EXISTS', plan) == 0 then return { 'gone', {} } end
if redis.call('HEXISTS', plan .. ':specs', id) == 0 then return { 'unknown', {} } end
local task = load_task(id)
if ENDED[task.status] then return { 'ended', {} } end
local answer = 'cancelling'
if task.status == 'running' then
  task.cancel = true
  save_task(id, task)
  redis.call('SADD', plan .. ':cancels', id)
  redis.call('PUBLISH', shard .. ':control', plan_id .. ' ' .. id .. ' cancelled')
else
  local constrained = number('constrained') == 1
  task.error = { code = 'cancelled', message = 'The task was cancelled.' }
  end_task(id, task, 'cancelled', constrained)
  if constrained then release_ready() end
  answer = 'cancelled'
end
publish()
return { answer, to_promote() }
