-- Batches after a plan's first: those of retries and of additions.

-- A larger batch is enqueued in slices: all of its jobs are held until it is there as a whole.
local JOBS_AT_ONCE = 400

-- Has the plan run again if it has finished, and requests another synthesis after the batch. The batch stays recorded
-- until it is in the queue: if the process dies now, the sweeper takes over.
local function open_batch(json, first_unit, count, timeout)
  if header('outcome') then
    redis.call('HINCRBY', plan, 'reopened', 1)
    redis.call('HDEL', plan, 'outcome', 'finishedAt', 'expiresAt', 'editsProblem')
    redis.call('ZREM', shard .. ':expiry', plan_id)
    redis.call('ZADD', shard .. ':active', number('createdAt'), plan_id)
    emit('plan.reopened', { at = now })
  end
  if timeout > 0 then redis.call('ZADD', shard .. ':deadlines', 'NX', now + timeout, plan_id) end
  if number('syn:none') == 0 then redis.call('HSET', plan, 'syn:status', 'pending') end
  redis.call('HINCRBY', plan, 'syn:pending', 1)
  redis.call('HSET', plan, 'batch', json, 'accepted', 1, 'nextUnit', first_unit + count,
    'requeueAfter', number('endings'), 'heldBatch', count > JOBS_AT_ONCE and 1 or 0)
  redis.call('HDEL', plan, 'enqueued')
end
