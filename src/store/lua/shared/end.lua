-- How tasks and plans end.

-- The number of the ending before, where there was one in this script.
local last_ending

local function record_end(id, task, status)
  move(task, status)
  task.finishedAt = now
  task.token = nil
  if task.retryAt then
    -- Its worker waits out the pause before the next attempt, and would hold the plan up until then.
    redis.call('SADD', plan .. ':cancels', id)
    redis.call('PUBLISH', shard .. ':control', plan_id .. ' ' .. id .. ' cancelled')
    task.retryAt = nil
  end
  save_task(id, task)
  -- In the order of ending, by a number that never comes again: a reader goes on behind the last it has read.
  last_ending = (last_ending or number('endings')) + 1
  add('endings', 1)
  redis.call('ZADD', plan .. ':ended', last_ending, id)
  emit('task.finished', {
    taskId = id, status = status, attempt = task.attempt, at = now,
    durationMs = task.runningSince and (now - task.runningSince) or nil,
    usage = task.usage, error = task.error
  })
end

-- Moves a task to its final status, with everything that follows from it in the plan. One after the
-- other, because a chain may be as long as the plan, which is deeper than Lua can call.
local function end_task(id, task, status, constrained)
  record_end(id, task, status)
  if not constrained then return end
  local ended, at = { { id = id, status = status } }, 1
  while ended[at] do
    local this = ended[at]
    for _, dependent in ipairs(follow_dependents(this.id, this.status)) do
      local waiting = load_task(dependent)
      waiting.error = {
        code = 'dependency-failed',
        message = 'It depends on ' .. this.id .. ', which '
          .. (this.status == 'failed' and 'failed' or 'was ' .. this.status) .. '.'
      }
      record_end(dependent, waiting, 'skipped')
      ended[#ended + 1] = { id = dependent, status = 'skipped' }
    end
    leave_unit(this.id)
    at = at + 1
  end
end

local function expire_later()
  local retention = number('retentionMs')
  redis.call('HSET', plan, 'expiresAt', now + retention)
  redis.call('ZADD', shard .. ':expiry', now + retention, plan_id)
end

local function finish_plan(outcome)
  if header('outcome') then return false end
  redis.call('HSET', plan, 'outcome', outcome, 'finishedAt', now)
  redis.call('HINCRBY', shard .. ':finished', outcome, 1)
  redis.call('ZREM', shard .. ':active', plan_id)
  redis.call('ZREM', shard .. ':deadlines', plan_id)
  expire_later()
  emit('plan.finished', { status = outcome, counts = counts(), at = now })
  return true
end

-- Codes that park a plan: it starts nothing more until somebody has paid, and lets what runs come to its end.
local PARKING = { ['budget-exhausted'] = true, ['provider-quota'] = true }

-- Ends what has not begun, and asks the workers to abort what runs (they hear of it on `:control`, and
-- read `stop` now and then in case they did not).
local function stop_plan(code, message)
  local stop = header('stop')
  if header('outcome') then return false end
  -- What runs of a parked plan may still be stopped for another reason.
  if stop and (PARKING[code] or not PARKING[cjson.decode(stop).code]) then return false end
  local constrained = number('constrained') == 1
  redis.call('HSET', plan, 'stop', cjson.encode({ code = code, message = message }))
  if not PARKING[code] then redis.call('ZREM', shard .. ':deadlines', plan_id) end
  emit('plan.stopped', { reason = { code = code, message = message }, at = now })
  local status = (code == 'aborted' or PARKING[code]) and 'skipped' or 'cancelled'
  for _, id in ipairs(cjson.decode(redis.call('GET', plan .. ':ids') or '[]')) do
    local task = load_task(id)
    if task.status == 'queued' then
      task.error = { code = code, message = message }
      end_task(id, task, status, constrained)
    end
  end
  drop_bundles()
  -- What runs of a plan without money has its own set aside, and may end.
  if not PARKING[code] then
    redis.call('PUBLISH', shard .. ':control', plan_id .. ' * ' .. code)
  end
  if code == 'cancelled' and remaining() == 0 then finish_plan('cancelled') end
  return true
end

-- Why a task that runs is not to go on: it was cancelled itself, or its plan was stopped.
local function why_stopped(task)
  if task.cancel then return { code = 'cancelled', message = 'The task was cancelled.' } end
  local stop = header('stop')
  return stop and cjson.decode(stop)
end

-- How a task ends that ran when it, or its plan, was stopped, and that has no result.
local function status_of_stopped(stop)
  return PARKING[stop.code] and 'skipped' or 'cancelled'
end

-- A task has failed: its plan may ask to stop then.
local function abort_if_asked(id)
  if header('onFailure') ~= 'abort' then return end
  stop_plan('aborted', 'Task ' .. id .. ' failed, and the plan asks to stop at the first failure.')
end

-- What follows once tasks have ended: others may run, and a cancelled plan may have nothing left.
local function settle_plan(constrained)
  if constrained then release_ready() end
  local stop = header('stop')
  if stop and remaining() == 0 and cjson.decode(stop).code == 'cancelled' then finish_plan('cancelled') end
end
