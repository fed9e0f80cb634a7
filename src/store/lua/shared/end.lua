-- How tasks and plans end.

local CANCELLED = { code = 'cancelled', message = 'The task was cancelled.' }

-- The number of the previous ending in this script, if there was one.
local last_ending

-- Endings are numbered in order, and numbers are never reused: a reader continues after the last one it has read.
local function number_ending(id)
  last_ending = (last_ending or number('endings')) + 1
  add('endings', 1)
  put('ZADD', ':ended', last_ending, id)
end

local function record_end(id, task, status)
  forget_former(id, task)
  move(task, status)
  task.finishedAt = now
  task.token = nil
  if task.retryAt then
    -- Its worker is waiting to make the next attempt, and would keep the plan waiting too.
    redis.call('SADD', plan .. ':cancels', id)
    redis.call('PUBLISH', shard .. ':control', plan_id .. ' ' .. id .. ' cancelled')
    task.retryAt = nil
  end
  save_task(id, task)
  number_ending(id)
  emit('task.finished', {
    taskId = id, status = status, attempt = task.attempt, at = now,
    durationMs = task.runningSince and (now - task.runningSince) or nil,
    usage = task.usage, error = task.error, cachedFrom = task.cachedFrom
  })
end

local function leave(id)
  leave_unit(id)
  if redis.call('HEXISTS', plan .. ':dependents', id) == 1 then redis.call('RPUSH', plan .. ':follow', id) end
end

-- Moves a task to its final status, without the consequences for the plan.
local function end_alone(id, task, status, constrained)
  record_end(id, task, status)
  if constrained then leave(id) end
end

-- Nothing that it depends on has changed: it is what it was before the retry.
local function restore(id, task)
  local former = cjson.decode(task.former)
  local status = former.status
  former.status = 'queued'
  move(former, status)
  -- For those that depend on it in turn.
  former.was = former.print
  former.moved = task.moved
  save_task(id, former)
  number_ending(id)
  emit('task.finished', {
    taskId = id, status = status, attempt = former.attempt, at = now, usage = former.usage, error = former.error,
    unchanged = true
  })
  leave(id)
end

local function includes(list, id)
  for _, each in ipairs(list or {}) do
    if each == id then return true end
  end
  return false
end

-- What a task that is retried has to know of one that it depends on and that has now succeeded. Files that a task
-- before it has edited are in its folder, however many tasks without edits there are in between.
local function note_change(task, ended, id)
  if not (task.former or task.was) then return end
  local is, was = ended.print, ended.was
  local has_moved = ended.moved or not is or not was or is.edits ~= was.edits
  local has_changed = not is or not was or is.text ~= was.text
  local moved = task.moved or has_moved or nil
  local changed = task.changed or (has_moved and task.writes) or (has_changed and not includes(task.behind, id)) or nil
  if moved == task.moved and changed == task.changed then return end
  task.moved, task.changed = moved, changed
  return true
end

local function follow(id, ended, status)
  local task = load_task(id)
  if task.status ~= 'queued' then return end
  if status == 'succeeded' then
    if note_change(task, load_task(ended), ended) then save_task(id, task) end
    if hold_less(id, task) then restore(id, task) end
    return
  end
  task.error = {
    code = 'dependency-failed',
    message = 'It depends on ' .. ended .. ', which ' .. (status == 'failed' and 'failed' or 'was ' .. status) .. '.'
  }
  end_alone(id, task, 'skipped', true)
end

local function follow_ended()
  if is_requeuing() then return end
  while steps < MOST_STEPS do
    local id = redis.call('LINDEX', plan .. ':follow', 0)
    if not id then return end
    local status = load_task(id).status
    local dependents = cjson.decode(redis.call('HGET', plan .. ':dependents', id))
    local at = number('followAt')
    while at < #dependents and steps < MOST_STEPS do
      at = at + 1
      steps = steps + 1
      follow(dependents[at], id, status)
    end
    if at < #dependents then
      redis.call('HSET', plan, 'followAt', at)
    else
      redis.call('LPOP', plan .. ':follow')
      redis.call('HDEL', plan, 'followAt')
    end
  end
end

-- Moves a task to its final status and applies the consequences for the plan. It iterates, because
-- a chain may be as long as the plan, which is deeper than Lua can recurse.
local function end_task(id, task, status, constrained)
  end_alone(id, task, status, constrained)
  steps = steps + 1
  if constrained then follow_ended() end
end

local function cancel_chosen(constrained)
  if is_requeuing() then return end
  while steps < MOST_STEPS do
    local id = redis.call('LPOP', plan .. ':cancelling')
    if not id then return end
    steps = steps + 0.25
    local task = load_task(id)
    -- It may have been skipped meanwhile, because it depends on another one of them.
    if task.status == 'queued' then
      task.error = CANCELLED
      end_task(id, task, 'cancelled', constrained)
    end
  end
end

-- The final status of a task without a result that was stopped, alone or with its plan. A task that had begun
-- was not skipped, whether it was running at that moment or waiting for its next attempt.
local function status_of_stopped(stop, task)
  if PARKING[stop.code] or (stop.code == 'aborted' and not task.startedAt) then return 'skipped' end
  return 'cancelled'
end

local function end_stopped(constrained)
  local at = tonumber(header('stopAt') or '')
  if not at or steps >= MOST_STEPS or is_requeuing() then return end
  local stop = cjson.decode(header('stop'))
  local ids = cjson.decode(redis.call('GET', plan .. ':ids'))
  while at <= #ids and steps < MOST_STEPS do
    local id = ids[at]
    local task = load_task(id)
    steps = steps + 0.25
    if task.status == 'queued' then
      task.error = stop
      end_task(id, task, status_of_stopped(stop, task), constrained)
    end
    at = at + 1
  end
  if at > #ids then redis.call('HDEL', plan, 'stopAt') else redis.call('HSET', plan, 'stopAt', at) end
end

-- Does as much of the remaining work as one script may.
local function settle_tasks(constrained)
  requeue_chosen()
  follow_ended()
  cancel_chosen(constrained)
  end_stopped(constrained)
end

-- Ends tasks that have not begun, starting with the first ones, and asks the workers to abort
-- running ones. They hear of it on `:control`, and also read `stop` now and then in case they
-- missed it.
local function stop_plan(code, message)
  local stop = header('stop')
  if header('outcome') then return false end
  -- The running tasks of a parked plan may still be stopped for another reason.
  if stop and (PARKING[code] or not PARKING[cjson.decode(stop).code]) then return false end
  local constrained = number('constrained') == 1
  redis.call('HSET', plan, 'stop', cjson.encode({ code = code, message = message }))
  if not PARKING[code] then redis.call('ZREM', shard .. ':deadlines', plan_id) end
  emit('plan.stopped', { reason = { code = code, message = message }, at = now })
  redis.call('HSET', plan, 'stopAt', 1)
  drop_bundles()
  end_stopped(constrained)
  -- Running tasks of a plan without money have reserved theirs, and may finish.
  if not PARKING[code] then
    redis.call('PUBLISH', shard .. ':control', plan_id .. ' * ' .. code)
  end
  return true
end

-- Why a running task must not continue: it was cancelled itself, or its plan was stopped.
local function why_stopped(task)
  if task.cancel then return CANCELLED end
  local stop = header('stop')
  return stop and cjson.decode(stop)
end

-- A task has failed, and its plan may have asked to stop in that case.
local function abort_if_asked(id)
  if header('onFailure') ~= 'abort' then return end
  stop_plan('aborted', 'Task ' .. id .. ' failed, and the plan asks to stop at the first failure.')
end

-- Whether no task is left to run: all have ended, or the rest is only to be settled.
local function is_over()
  return (remaining() == 0 or is_unsettled() == 1) and 1 or 0
end

-- Applies what follows from ended tasks: others may run, and a cancelled plan may have nothing
-- left. Returns 1 if this script has left something to settle that nobody else is settling.
local function settle_plan(constrained)
  local requeuing = is_requeuing()
  local is_more = constrained and not requeuing and release_ready()
  local was_unsettled = is_unsettled()
  if remaining() == 0 and not requeuing then
    redis.call('DEL', plan .. ':follow', plan .. ':cancelling')
    redis.call('HDEL', plan, 'stopAt', 'followAt')
  end
  if requeuing or is_more or header('stopAt') or redis.call('EXISTS', plan .. ':follow', plan .. ':cancelling') > 0 then
    redis.call('HSET', plan, 'unsettled', 1)
  elseif was_unsettled == 1 then
    redis.call('HDEL', plan, 'unsettled')
  end
  local stop = header('stop')
  if stop and remaining() == 0 and not requeuing and cjson.decode(stop).code == 'cancelled' then finish_plan('cancelled') end
  return was_unsettled == 0 and is_unsettled() or 0
end
