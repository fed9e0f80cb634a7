-- How a plan ends, and whether some of its tasks still have to.

local function is_unsettled()
  return header('unsettled') and 1 or 0
end

local function expire_later()
  local retention = number('retentionMs')
  redis.call('HSET', plan, 'expiresAt', now + retention)
  redis.call('ZADD', shard .. ':expiry', now + retention, plan_id)
end

-- Whether the plan needs the sweeper although it may have ended: jobs to promote, tasks to settle, or the synthesis
-- that its units have to write. The sweeper takes it off `:active` afterwards.
local function has_work_left()
  return is_unsettled() == 1 or header('syn:own') or redis.call('EXISTS', plan .. ':released') == 1
end

local function finish_plan(outcome)
  if header('outcome') then return false end
  redis.call('HSET', plan, 'outcome', outcome, 'finishedAt', now)
  redis.call('HINCRBY', shard .. ':finished', outcome, 1)
  if not has_work_left() then redis.call('ZREM', shard .. ':active', plan_id) end
  redis.call('ZREM', shard .. ':deadlines', plan_id)
  expire_later()
  emit('plan.finished', { status = outcome, counts = counts(), at = now })
  return true
end
