-- Ends attempts, each under the token it began with. If the task has a different token by now, the
-- attempt was considered dead and begun again elsewhere: its result is refused, but its usage
-- counts.
-- ARGV: shard, then for each: taskId, attempt, token, JSON of { status, outcome, error?, usage?,
-- answeredBy?, retryInMs?, coreTimes?, spends, print?, cachedFrom? }, JSON of the output or '' (the first page if it
-- is long), the staged key of its further pages or '', their number, JSON
-- of its inputs or ''
-- Returns { { 'recorded' | 'refused' | 'gone', …}, released units, number of the preliminary
-- synthesis that is due or 0, 1 if this call left something to settle, 1 if no task is left to run }
local answers = {}
if redis.call('EXISTS', plan) == 0 then
  for i = 2, #ARGV, 8 do
    answers[#answers + 1] = 'gone'
    if ARGV[i + 5] ~= '' then redis.call('UNLINK', ARGV[i + 5]) end
  end
  return { answers, {}, 0, 0, 0 }
end
for i = 2, #ARGV, 8 do require_staged(ARGV[i + 5], ARGV[i + 6]) end
write_together()
local constrained = number('constrained') == 1
local budget = number('budgetNanos')
local exhausted = false
local unpaid

for i = 2, #ARGV, 8 do
  local id, attempt_number, token = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2]
  local result = cjson.decode(ARGV[i + 3])
  local output, staged, inputs = ARGV[i + 4], ARGV[i + 5], ARGV[i + 7]
  local is_stored = false
  local task = load_task(id)
  local attempt = load_attempt(id, attempt_number)
  local current = task.status == 'running' and task.token == token

  if not current then
    local same = attempt and attempt.token == token
    answers[#answers + 1] = same and 'recorded' or 'refused'
    if attempt and not same and attempt.outcome == 'lost' and result.usage then
      local since = usage_since(attempt.usage, result.usage)
      attempt.usage = sum_usage(attempt.usage, since)
      attempt.token = token
      -- It is alive, so it knows what its calls have cost.
      if attempt.unknown then redis.call('HINCRBY', plan, 'b:unknown', -attempt.unknown) end
      attempt.unknown = nil
      save_attempt(id, attempt)
      add_usage(since)
      task.usage = sum_usage(task.usage, since)
      save_task(id, task)
    end
  else
    answers[#answers + 1] = 'recorded'
    attempt = attempt or { number = attempt_number, startedAt = task.runningSince, workerId = task.workerId }
    attempt.outcome = result.outcome
    attempt.finishedAt = now
    local stop = why_stopped(task)
    if result.status == 'cancelled' and stop then
      -- Whoever aborted it may not know the reason as precisely.
      result.error = stop
    end
    attempt.error = result.error
    attempt.answeredBy = result.answeredBy
    task.answeredBy = result.answeredBy or task.answeredBy
    local counted = close_spending(id .. '#' .. attempt_number)
    local since = usage_since(counted, result.usage)
    add_usage(since)
    attempt.usage = sum_usage(counted, since)
    -- Kept so that the same call can be recognised if a reconnected client sends it again.
    attempt.token = token
    save_attempt(id, attempt)
    task.usage = sum_usage(task.usage, attempt.usage)
    if result.coreTimes then
      local before = task.coreTimes or { ranMs = 0, waitedMs = 0 }
      result.coreTimes.ranMs = result.coreTimes.ranMs + before.ranMs
      result.coreTimes.waitedMs = result.coreTimes.waitedMs + before.waitedMs
      task.coreTimes = result.coreTimes
    end
    if result.spends then task.spent = task.spent + 1 end
    local status = result.status
    if status == 'queued' and stop then
      -- Stopped when it was about to be retried.
      result.error = stop
      status = status_of_stopped(stop, task)
    end
    if status == 'queued' then
      move(task, 'queued')
      task.token = nil
      if result.retryInMs then task.retryAt = now + result.retryInMs end
      task.error = result.error
      if result.outcome == 'interrupted' then task.unspent = (task.unspent or 0) + 1 end
      save_task(id, task)
      if result.outcome == 'interrupted' then
        emit('task.requeued', { taskId = id, attempt = attempt_number, at = now, reason = 'worker-shutdown' })
      else
        emit('task.retrying', {
          taskId = id, attempt = attempt_number, at = now, retryAt = task.retryAt or now, error = result.error
        })
      end
    else
      if output ~= '' then
        put('HSET', ':outputs', id, output)
        keep_pages(id, staged, ARGV[i + 6])
        is_stored = true
      end
      if inputs ~= '' then
        put('HSET', ':inputs', id, inputs)
      elseif has_key(':inputs') then
        redis.call('HDEL', plan .. ':inputs', id)
      end
      task.error = result.error
      task.print = result.print
      task.cachedFrom = result.cachedFrom
      end_task(id, task, status, constrained)
      if status == 'failed' then abort_if_asked(id) end
      exhausted = exhausted or (budget > 0 and result.error and result.error.code == 'budget-exhausted')
      if result.error and result.error.code == 'provider-quota' then unpaid = result.error.message end
    end
  end
  if staged ~= '' and not is_stored then redis.call('UNLINK', staged) end
end

if budget > 0 and number('u:costNanos') + number('b:unknown') >= budget
  and (number('n:queued') > 0 or is_requeuing()) then
  exhausted = true
end
if exhausted then
  stop_plan('budget-exhausted', "The plan's remaining budget does not cover more work; raise it to run the rest.")
end
if unpaid then stop_plan('provider-quota', unpaid .. ' Retry the plan once that is settled.') end
local unsettled = settle_plan(constrained)
publish()
return { answers, to_promote(), preliminary_due(remaining()), unsettled, is_over() }
