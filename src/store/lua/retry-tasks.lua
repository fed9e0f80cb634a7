-- Makes ended tasks queued again, as new units, and asks for another synthesis after them.
-- ARGV: shard, the batch as JSON, to be enqueued next, first new unit, then of each: taskId, and how
--       many of the others it waits for
-- Answers { 'gone' } | { 'not-ended', taskId } | { 'queued' }
if redis.call('EXISTS', plan) == 0 then return { 'gone' } end
for i = 4, #ARGV, 2 do
  if not ENDED[load_task(ARGV[i]).status] then return { 'not-ended', ARGV[i] } end
end
local unit = tonumber(ARGV[3])
if unit ~= number('nextUnit') then return { 'changed' } end
local stop = header('stop')
if header('outcome') then
  redis.call('HDEL', plan, 'outcome', 'finishedAt', 'expiresAt')
  redis.call('ZREM', shard .. ':expiry', plan_id)
  redis.call('ZADD', shard .. ':active', number('createdAt'), plan_id)
  emit('plan.reopened', { at = now })
end
if stop then redis.call('HDEL', plan, 'stop') end
for i = 4, #ARGV, 2 do
  local id, waits = ARGV[i], tonumber(ARGV[i + 1])
  local task = load_task(id)
  move(task, 'queued')
  save_task(id, {
    status = 'queued', attempt = task.attempt, spent = 0, usage = task.usage, queuedAt = now
  })
  redis.call('HDEL', plan .. ':outputs', id)
  redis.call('LREM', plan .. ':ended', 1, id)
  redis.call('SREM', plan .. ':cancels', id)
  redis.call('HSET', plan .. ':units', id, unit)
  if waits > 0 then
    redis.call('HSET', plan, 'constrained', 1)
    redis.call('HSET', plan .. ':held', unit, waits)
  else
    redis.call('HINCRBY', plan, 'inFlight', 1)
  end
  emit('task.requeued', { taskId = id, attempt = task.attempt, at = now, reason = 'retry' })
  unit = unit + 1
end
redis.call('HSET', plan, 'nextUnit', unit, 'syn:status', 'pending')
redis.call('HINCRBY', plan, 'syn:pending', 1)
-- Until the batch is in the queue: a process that dies now leaves it to the sweeper.
redis.call('HSET', plan, 'batch', ARGV[2])
redis.call('HDEL', plan, 'enqueued')
publish()
return { 'queued' }
