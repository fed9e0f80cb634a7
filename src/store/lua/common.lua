-- Loaded before every script. KEYS[1] is the plan's header; its other keys are that name plus a suffix,
-- so that all of them share one hash slot. ARGV[1] is the channel prefix of the shard.
--
-- Times come from Redis itself: one clock for all processes, so that the order of two tasks that ran on
-- different machines can be read off their timestamps.
local plan = KEYS[1]
local shard = ARGV[1]
local plan_id = string.match(plan, '[^:]+$')
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

local ENDED = { succeeded = true, incomplete = true, failed = true, cancelled = true, skipped = true }

local changes = {}
local released = {}

-- Event types that the plan's webhook asked for, ',a,b,'; looked up once a script.
local subscribed

-- Appends to the plan's event log; every change of state goes through here, in the same script.
local function emit(type, data)
  local id = redis.call('XADD', plan .. ':events', '*', 'type', type, 'data', cjson.encode(data))
  changes[#changes + 1] = type .. ' ' .. (data.taskId or '')
  if subscribed == nil then subscribed = redis.call('HGET', plan, 'webhookEvents') or '' end
  if subscribed ~= '' and string.find(subscribed, ',' .. type .. ',', 1, true) then
    -- Written with the event itself, so that no delivery is lost between the two.
    redis.call('ZADD', shard .. ':outbox', now, cjson.encode({
      planId = plan_id, eventId = id, type = type, taskId = data.taskId, version = data.version, at = now
    }))
  end
end

-- One message a script, whatever it changed. Called last.
local function publish()
  if #changes > 0 then
    redis.call('PUBLISH', shard .. ':changes', plan_id .. '\n' .. table.concat(changes, '\n'))
  end
end

local function header(field)
  return redis.call('HGET', plan, field)
end

local function number(field)
  return tonumber(redis.call('HGET', plan, field) or '0') or 0
end

local function load_task(id)
  local raw = redis.call('HGET', plan .. ':tasks', id)
  if raw then return cjson.decode(raw) end
  return { status = 'queued', attempt = 0, spent = 0 }
end

local function save_task(id, task)
  redis.call('HSET', plan .. ':tasks', id, cjson.encode(task))
end

-- The counter of `queued` starts at the number of tasks; a task without a record is queued.
local function move(task, status)
  if task.status == status then return end
  redis.call('HINCRBY', plan, 'n:' .. task.status, -1)
  redis.call('HINCRBY', plan, 'n:' .. status, 1)
  task.status = status
end

local function remaining()
  return number('n:queued') + number('n:running')
end

local function counts()
  local result = {}
  for _, status in ipairs({ 'queued', 'running', 'succeeded', 'incomplete', 'failed', 'cancelled', 'skipped' }) do
    result[status] = number('n:' .. status)
  end
  return result
end

local USAGE = { 'inputTokens', 'outputTokens', 'cacheReadTokens', 'cacheWriteTokens', 'steps' }

-- Money is kept in whole nano-dollars: sums of floats would drift.
local function add_usage(usage)
  if not usage then return end
  for _, field in ipairs(USAGE) do
    if usage[field] and usage[field] > 0 then redis.call('HINCRBY', plan, 'u:' .. field, usage[field]) end
  end
  if usage.costUsd and usage.costUsd > 0 then
    redis.call('HINCRBY', plan, 'u:costNanos', math.floor(usage.costUsd * 1e9 + 0.5))
  end
end

local function sum_usage(a, b)
  if not a then return b end
  if not b then return a end
  for _, field in ipairs(USAGE) do a[field] = (a[field] or 0) + (b[field] or 0) end
  a.costUsd = (a.costUsd or 0) + (b.costUsd or 0)
  return a
end

local function save_attempt(id, attempt)
  redis.call('HSET', plan .. ':attempts', id .. '#' .. attempt.number, cjson.encode(attempt))
end

local function load_attempt(id, attempt_number)
  local raw = redis.call('HGET', plan .. ':attempts', id .. '#' .. attempt_number)
  return raw and cjson.decode(raw)
end

-- ---------------------------------------------------------------------------------------------------
-- Money. `u:costNanos` is what was spent, `b:reserved` what is set aside for calls that run, `b:unknown`
-- what calls may have cost of which nobody said so. `:spending` holds, of each attempt and synthesis that
-- runs, the usage that is counted in `u:` already, and its calls: { nanos, likely, known }.
-- ---------------------------------------------------------------------------------------------------

local function load_spending(spender)
  local raw = redis.call('HGET', plan .. ':spending', spender)
  return raw and cjson.decode(raw) or { calls = {} }
end

local function save_spending(spender, spending)
  redis.call('HSET', plan .. ':spending', spender, cjson.encode(spending))
end

-- Money is kept in whole nano-dollars, so two sums of the same calls may differ by less than one of them.
local function usage_since(before, usage)
  if not before or not usage then return usage end
  local since = {}
  for _, field in ipairs(USAGE) do since[field] = math.max(0, (usage[field] or 0) - (before[field] or 0)) end
  since.costUsd = math.max(0, (usage.costUsd or 0) - (before.costUsd or 0))
  return since
end

-- Whether the attempt, or the synthesis of a job, is the one that runs.
local function spends_still(task_id, attempt_or_job)
  if task_id == '' then
    return redis.call('EXISTS', plan) == 1
      and redis.call('SISMEMBER', plan .. ':synthesized', attempt_or_job) == 0
  end
  local task = load_task(task_id)
  return task.status == 'running' and task.attempt == tonumber(attempt_or_job)
end

local function let_go(call, unknown)
  redis.call('HINCRBY', plan, 'b:reserved', -call.nanos)
  if not call.known then redis.call('HINCRBY', plan, 'b:blind', -1) end
  if unknown > 0 then redis.call('HINCRBY', plan, 'b:unknown', unknown) end
end

-- Whoever spent has ended, or died: what its calls had set aside is let go, and what they may have cost
-- is kept apart. Answers the usage that is counted already, and that amount.
local function close_spending(spender)
  if redis.call('HEXISTS', plan .. ':spending', spender) == 0 then return nil, 0 end
  local spending = load_spending(spender)
  local unknown = 0
  for _, call in pairs(spending.calls) do
    let_go(call, call.likely)
    unknown = unknown + call.likely
  end
  redis.call('HDEL', plan .. ':spending', spender)
  return spending.usage, unknown
end

-- ---------------------------------------------------------------------------------------------------
-- Holding and releasing. A plan with an order or a limit has units that must not run yet: their jobs
-- lie in the queue as delayed. `:held` counts what each still waits for; at 0 it moves to `:ready`, and
-- from there, as the limit allows, to `:released`, which lists the jobs to promote. A process promotes
-- them and only then takes them off the list, so that one that dies in between leaves them for the sweeper.
-- While a batch is on its way into the queue there may be no such jobs yet: then whoever marks it as
-- enqueued promotes them.
-- ---------------------------------------------------------------------------------------------------

local function release(unit)
  redis.call('SADD', plan .. ':released', unit)
  released[#released + 1] = unit
end

-- Whether every unit has its job. A task that has started proves as much for the first batch.
local function has_jobs()
  if header('enqueued') then return true end
  return not header('batch') and header('startedAt')
end

-- The units for the caller to promote.
local function to_promote()
  return has_jobs() and released or {}
end

local function release_ready()
  local limit = number('limit')
  while limit == 0 or number('inFlight') < limit do
    local popped = redis.call('ZPOPMIN', plan .. ':ready')
    if #popped == 0 then return end
    redis.call('HINCRBY', plan, 'inFlight', 1)
    release(popped[1])
  end
end

-- Called once for each task that ended in a plan that holds units back.
local function leave_unit(id)
  local unit = redis.call('HGET', plan .. ':units', id)
  if not unit then return end
  local left = 0
  if redis.call('HEXISTS', plan .. ':left', unit) == 1 then
    left = redis.call('HINCRBY', plan .. ':left', unit, -1)
  end
  if left > 0 then return end
  -- A unit that ends while still held (its task was skipped or cancelled) was never in flight: its
  -- job is released only to be thrown away.
  if redis.call('HDEL', plan .. ':held', unit) == 1 or redis.call('ZREM', plan .. ':ready', unit) == 1 then
    release(unit)
  else
    redis.call('HINCRBY', plan, 'inFlight', -1)
  end
end

-- What follows for those that depend on a task that ended. Answers those that are to be skipped.
local function follow_dependents(id, status)
  local skipped = {}
  local raw = redis.call('HGET', plan .. ':dependents', id)
  if not raw then return skipped end
  for _, dependent in ipairs(cjson.decode(raw)) do
    local task = load_task(dependent)
    if task.status == 'queued' then
      if status == 'succeeded' then
        local unit = redis.call('HGET', plan .. ':units', dependent)
        if unit and redis.call('HEXISTS', plan .. ':held', unit) == 1
          and redis.call('HINCRBY', plan .. ':held', unit, -1) <= 0 then
          redis.call('HDEL', plan .. ':held', unit)
          redis.call('ZADD', plan .. ':ready', unit, unit)
          task.queuedAt = now
          save_task(dependent, task)
        end
      else
        skipped[#skipped + 1] = dependent
      end
    end
  end
  return skipped
end

local function record_end(id, task, status)
  move(task, status)
  task.finishedAt = now
  task.token = nil
  task.retryAt = nil
  save_task(id, task)
  redis.call('RPUSH', plan .. ':ended', id)
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

-- Ends what has not begun, and asks the workers to abort what runs (they hear of it on `:control`, and
-- read `stop` now and then in case they did not).
local function stop_plan(code, message)
  if header('stop') or header('outcome') then return false end
  local constrained = number('constrained') == 1
  redis.call('HSET', plan, 'stop', cjson.encode({ code = code, message = message }))
  emit('plan.stopped', { reason = { code = code, message = message }, at = now })
  local status = (code == 'aborted' or code == 'budget-exhausted') and 'skipped' or 'cancelled'
  for _, id in ipairs(cjson.decode(redis.call('GET', plan .. ':ids') or '[]')) do
    local task = load_task(id)
    if task.status == 'queued' then
      task.error = { code = code, message = message }
      end_task(id, task, status, constrained)
    end
  end
  -- A budget that is used up starts nothing more; what runs has its money set aside, and may end.
  if code ~= 'budget-exhausted' then
    redis.call('PUBLISH', shard .. ':control', plan_id .. ' * ' .. code)
  end
  if code == 'cancelled' and remaining() == 0 then finish_plan('cancelled') end
  return true
end
