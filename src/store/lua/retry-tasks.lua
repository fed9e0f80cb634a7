-- Queues ended tasks again, as new units, and requests another synthesis after them. Raises the
-- budget in the same step, or does only that.
-- ARGV: shard, the batch to be enqueued next as JSON, first new unit, the new budget in US dollars
-- or '', how long the plan may take from now on in ms or 0, then for each task: taskId, and the ids
-- of its dependencies as a JSON array
-- Returns { 'gone' } | { 'spent', nanos } | { 'not-ended' } | { 'in-use', taskId, dependent } | {
-- 'changed' } | { 'unsettled' } | { 'queued' }
local FIRST = 6

-- A task is looked up for each of its dependents, but its record is read only once.
local statuses = {}
local function status_of(id)
  statuses[id] = statuses[id] or load_task(id).status
  return statuses[id]
end

if redis.call('EXISTS', plan) == 0 then return { 'gone' } end
if is_unsettled() == 1 then return { 'unsettled' } end
local budget = ARGV[4] ~= '' and math.floor(tonumber(ARGV[4]) * 1e9 + 0.5)
local spent = number('u:costNanos') + number('b:unknown')
if budget and budget <= spent then return { 'spent', string.format('%.0f', spent) } end
for i = FIRST, #ARGV, 2 do
  if not ENDED[status_of(ARGV[i])] then return { 'not-ended' } end
end
local unit = tonumber(ARGV[3])
-- Another retry came first or is still being enqueued, and its batch must not be lost.
if unit ~= number('nextUnit') or header('batch') then return { 'changed' } end
local chosen = {}
for i = FIRST, #ARGV, 2 do chosen[ARGV[i]] = true end
for i = FIRST, #ARGV, 2 do
  for _, other in ipairs(cjson.decode(ARGV[i + 1])) do
    local status = status_of(other)
    -- It was still running when the batch was assembled.
    if not chosen[other] and ENDED[status] and status ~= 'succeeded' then return { 'changed' } end
  end
end

-- A dependent that is using the output of this task, or is about to: neither ended nor still held
-- back.
local function user_of(id)
  local dependents = redis.call('HGET', plan .. ':dependents', id)
  for _, dependent in ipairs(dependents and cjson.decode(dependents) or {}) do
    local its_unit = redis.call('HGET', plan .. ':units', dependent)
    if not ENDED[status_of(dependent)]
      and redis.call('HEXISTS', plan .. ':held', its_unit) == 0
      and not redis.call('ZSCORE', plan .. ':ready', its_unit) then
      return dependent
    end
  end
end
for i = FIRST, #ARGV, 2 do
  local dependent = status_of(ARGV[i]) == 'succeeded' and user_of(ARGV[i])
  if dependent then return { 'in-use', ARGV[i], dependent } end
end

if budget then
  redis.call('HSET', plan, 'budgetUsd', ARGV[4], 'budgetNanos', string.format('%.0f', budget))
  if #ARGV < FIRST then
    local stopped = header('stop')
    if stopped and cjson.decode(stopped).code == 'budget-exhausted' then redis.call('HDEL', plan, 'stop') end
    return { 'queued' }
  end
end

local stop = header('stop')
if header('outcome') then
  redis.call('HINCRBY', plan, 'reopened', 1)
  redis.call('HDEL', plan, 'outcome', 'finishedAt', 'expiresAt', 'editsProblem')
  redis.call('ZREM', shard .. ':expiry', plan_id)
  redis.call('ZADD', shard .. ':active', number('createdAt'), plan_id)
  emit('plan.reopened', { at = now })
end
if stop then redis.call('HDEL', plan, 'stop') end
local timeout = tonumber(ARGV[5])
if timeout > 0 then redis.call('ZADD', shard .. ':deadlines', 'NX', now + timeout, plan_id) end
for i = FIRST, #ARGV, 2 do
  local id = ARGV[i]
  local task = load_task(id)
  move(task, 'queued')
  statuses[id] = 'queued'
  save_task(id, {
    status = 'queued', attempt = task.attempt, spent = 0, usage = task.usage, queuedAt = now
  })
  retry_steps(id, task)
  redis.call('HDEL', plan .. ':outputs', id)
  redis.call('ZREM', plan .. ':ended', id)
  redis.call('SREM', plan .. ':cancels', id)
  redis.call('HSET', plan .. ':units', id, unit + (i - FIRST) / 2)
  emit('task.requeued', { taskId = id, attempt = task.attempt, at = now, reason = 'retry' })
end

-- Dependents that are already held wait for this task again.
local function hold_dependents(id)
  local dependents = redis.call('HGET', plan .. ':dependents', id)
  for _, dependent in ipairs(dependents and cjson.decode(dependents) or {}) do
    local held = redis.call('HGET', plan .. ':units', dependent)
    if held and tonumber(held) < unit then
      if redis.call('HEXISTS', plan .. ':held', held) == 1
        or redis.call('ZREM', plan .. ':ready', held) == 1 then
        redis.call('HINCRBY', plan .. ':held', held, 1)
      end
    end
  end
end
for i = FIRST, #ARGV, 2 do hold_dependents(ARGV[i]) end

local limit = number('limit')
local batch_tasks = cjson.decode(ARGV[2]).tasks
for i = FIRST, #ARGV, 2 do
  local priority = batch_tasks[(i - FIRST) / 2 + 1].priority
  if priority ~= 0 then redis.call('HSET', plan .. ':priorities', unit, priority) end
  local dependencies, waits = cjson.decode(ARGV[i + 1]), 0
  for _, other in ipairs(dependencies) do
    if not ENDED[status_of(other)] then waits = waits + 1 end
  end
  if waits > 0 then
    redis.call('HSET', plan .. ':held', unit, waits)
  elseif #dependencies > 0 or limit > 0 then
    make_ready(unit)
  else
    redis.call('HINCRBY', plan, 'inFlight', 1)
  end
  unit = unit + 1
end
redis.call('HSET', plan, 'nextUnit', unit)
if number('syn:none') == 0 then redis.call('HSET', plan, 'syn:status', 'pending') end
redis.call('HINCRBY', plan, 'syn:pending', 1)
-- Until the batch is in the queue: if the process dies now, the sweeper takes over.
redis.call('HSET', plan, 'batch', ARGV[2], 'accepted', 1)
redis.call('HDEL', plan, 'enqueued')
release_ready()
publish()
return { 'queued' }
