-- Begins one attempt at each of some tasks. If a reconnected client sends it again, it returns the
-- same: the token identifies the attempt.
-- ARGV: shard, workerId, fair-queueing round of the job, how often a task's worker may die, then
-- for each task: taskId, token, unit, and its job's delivery number; an empty taskId means the next
-- task of the bundle
-- Returns for each task { 'begun', attempt, spent, spec, waited in ms, attempts lost, taskId,
-- whether its bundle continues, number of a bundle to enqueue or 0, 1 if it was retried by name } | { 'ended', attempts lost,
-- taskId } | { 'wait', ms, taskId } | { 'none' } | { 'gone' }; an attempt is lost (0 or 1) if this
-- call found that its worker had died. Then the units to promote, 1 if this call left something to
-- settle, and 1 if no task is left to run.
local worker_id = ARGV[2]
local round = tonumber(ARGV[3])
local most_losses = tonumber(ARGV[4])
local answers = {}
local gone = redis.call('EXISTS', plan) == 0
write_together()
local constrained = not gone and number('constrained') == 1
local unsettled_before = not gone and is_unsettled() == 1

if not gone and round > 0 and round > tonumber(redis.call('GET', shard .. ':round') or '0') then
  redis.call('SET', shard .. ':round', round)
end

local created_at = not gone and number('createdAt')
local started = not gone and header('startedAt')

-- The indexes of each bundle's answers.
local of_bundle = {}

for i = 5, #ARGV, 4 do
  local id, token = ARGV[i], ARGV[i + 1]
  if id == '' and not gone then
    id = next_of_bundle(ARGV[i + 2], token, tonumber(ARGV[i + 3]))
    of_bundle[ARGV[i + 2]] = of_bundle[ARGV[i + 2]] or {}
    if id then table.insert(of_bundle[ARGV[i + 2]], #answers + 1) end
  end
  -- The job of a task that has since been retried may still be in the queue, but the task now
  -- belongs to another unit.
  local unit = not gone and id and unit_of(id) or ARGV[i + 2]
  if gone then
    answers[#answers + 1] = { 'gone' }
  elseif not id then
    answers[#answers + 1] = { 'none' }
  else
    local task = load_task(id)
    local spec = not ENDED[task.status] and redis.call('HGET', plan .. ':specs', id)
    if task.status == 'running' and task.token == token then
      answers[#answers + 1] = { 'begun', task.attempt, task.spent, spec, 0, 0, id, 1, 0, task.anew and 1 or 0 }
    elseif ENDED[task.status] or unit ~= ARGV[i + 2] or not spec then
      answers[#answers + 1] = { 'ended', 0, id }
    elseif task.retryAt and task.retryAt > now then
      answers[#answers + 1] = { 'wait', task.retryAt - now, id }
    else
      local losses = 0
      if task.status == 'running' then
        losses = 1
        local lost = load_attempt(id, task.attempt)
        local usage, unknown = close_spending(id .. '#' .. task.attempt)
        if lost then
          lost.outcome = 'lost'
          lost.finishedAt = now
          lost.usage = usage
          if unknown > 0 then lost.unknown = unknown end
          save_attempt(id, lost)
        end
        task.usage = sum_usage(task.usage, usage)
        task.lost = (task.lost or 0) + 1
        task.unspent = (task.unspent or 0) + 1
        move(task, 'queued')
        emit('task.requeued', { taskId = id, attempt = task.attempt, at = now, reason = 'worker-lost' })
      end
      -- If its plan was stopped, a running task is not begun again after its worker's death, and a
      -- waiting one is about to be ended.
      local stop = why_stopped(task)
      if not stop and unsettled_before and has_key(':cancelling') and redis.call('LPOS', plan .. ':cancelling', id) then
        stop = CANCELLED
      end
      if stop then
        task.error = stop
        end_task(id, task, status_of_stopped(stop, task), constrained)
        answers[#answers + 1] = { 'ended', losses, id }
      elseif (task.lost or 0) > most_losses then
        task.error = {
          code = 'worker-lost',
          message = 'The worker that ran it died ' .. task.lost .. ' times; it is not tried again.'
        }
        end_task(id, task, 'failed', constrained)
        abort_if_asked(id)
        answers[#answers + 1] = { 'ended', losses, id }
      else
        if not started then
          started = now
          redis.call('HSET', plan, 'startedAt', now)
          emit('plan.started', { at = now })
        end
        forget_former(id, task)
        move(task, 'running')
        task.attempt = task.attempt + 1
        task.token = token
        task.workerId = worker_id
        task.runningSince = now
        task.startedAt = task.startedAt or now
        task.retryAt = nil
        task.error = nil
        save_task(id, task)
        save_attempt(id, { number = task.attempt, outcome = 'running', startedAt = now, workerId = worker_id })
        emit('task.started', { taskId = id, attempt = task.attempt, at = now, workerId = worker_id })
        local waited = now - (tonumber(task.queuedAt) or created_at)
        answers[#answers + 1] = { 'begun', task.attempt, task.spent, spec, waited, losses, id, 1, 0, task.anew and 1 or 0 }
      end
    end
  end
end
for unit, places in pairs(of_bundle) do
  local issued = #places > 0 and issue_ticket(unit) or 0
  local bundle = bundles[unit]
  -- Under a limit, it asks once more to report that it is over.
  local goes_on = number('limit') > 0 or #bundle.pending > 0
    or (redis.call('EXISTS', plan .. ':todo') == 1 and not makes_way(bundle))
  for _, place in ipairs(places) do
    if answers[place][1] == 'begun' then answers[place][8] = goes_on and 1 or 0 end
  end
  if issued ~= 0 then
    local last = answers[places[#places]]
    if last[1] == 'begun' then last[9] = issued else bundle.told = nil end
  end
end
save_bundles()
local unsettled = gone and 0 or settle_plan(constrained)
publish()
return { answers, to_promote(), unsettled, gone and 0 or is_over() }
