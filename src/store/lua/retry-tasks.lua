-- Accepts a retry: queues ended tasks again, as new units, and requests another synthesis after them.
-- Raises the budget in the same step, or does only that.
-- ARGV: shard, the batch to be enqueued next as JSON, first new unit, the new budget in US dollars
-- or '', how long the plan may take from now on in ms or 0, number of tasks, number of their other
-- dependencies, then the tasks as `:requeue` lists them, those other dependencies, and for each task
-- that has not ended and depends on some of the batch: taskId, on how many, and the first of them
-- Returns { 'gone' } | { 'spent', nanos } | { 'in-use', taskId, dependent } | { 'changed' } |
-- { 'unsettled' } | { 'queued', 1 if some tasks still have to be queued }
local unit, count, others = tonumber(ARGV[3]), tonumber(ARGV[6]), tonumber(ARGV[7])
local FIRST = 8

if redis.call('EXISTS', plan) == 0 then return { 'gone' } end
if is_unsettled() == 1 then return { 'unsettled' } end
local budget = ARGV[4] ~= '' and math.floor(tonumber(ARGV[4]) * 1e9 + 0.5)
local spent = number('u:costNanos') + number('b:unknown')
if budget and budget <= spent then return { 'spent', string.format('%.0f', spent) } end

local function arguments(from, amount, step)
  local some = {}
  for i = from, from + amount - 1, step do some[#some + 1] = ARGV[i] end
  return some
end
-- Another retry came first, or is still being enqueued: its batch must not be forgotten. If there was
-- none, the tasks are still ended, because they were read after the number of the next unit.
if unit ~= number('nextUnit') or header('batch') then return { 'changed' } end
for _, status in ipairs(statuses_of(arguments(FIRST + count, others, 1))) do
  -- It was still running when the batch was assembled.
  if ENDED[status] and status ~= 'succeeded' then return { 'changed' } end
end

-- Held dependents wait again for tasks of the batch. One that is not held uses their outputs now, or is
-- about to.
local held_again = {}
local first_user = FIRST + count + others
local users = arguments(first_user, #ARGV - first_user + 1, 3)
local units = fields_of(plan .. ':units', users)
local held = fields_of(plan .. ':held', units)
for i, its_unit in ipairs(units) do
  local at = first_user + 3 * (i - 1)
  if held[i] or redis.call('ZSCORE', plan .. ':ready', its_unit) then
    held_again[#held_again + 1] = its_unit
    held_again[#held_again + 1] = (tonumber(held[i] or '0')) + tonumber(ARGV[at + 1])
  elseif ENDED[load_task(users[i]).status] then
    -- It ended after it was read, with an output of the batch, so it may have to run again.
    return { 'changed' }
  else
    return { 'in-use', ARGV[at + 2], users[i] }
  end
end
in_parts('HSET', plan .. ':held', held_again)
for i, its_unit in ipairs(units) do
  if not held[i] then redis.call('ZREM', plan .. ':ready', its_unit) end
end

if budget then
  redis.call('HSET', plan, 'budgetUsd', ARGV[4], 'budgetNanos', string.format('%.0f', budget))
  if count == 0 then
    local stopped = header('stop')
    if stopped and cjson.decode(stopped).code == 'budget-exhausted' then redis.call('HDEL', plan, 'stop') end
    return { 'queued', 0 }
  end
end

redis.call('HDEL', plan, 'stop')
open_batch(ARGV[2], unit, count, tonumber(ARGV[5]))
in_parts('RPUSH', plan .. ':requeue', arguments(FIRST, count, 1))
local constrained = number('constrained') == 1
-- What this script has done for a large retry counts, too.
steps = math.min(MOST_STEPS - 1, count / 50)
settle_tasks(constrained)
settle_plan(constrained)
publish()
return { 'queued', is_unsettled() }
