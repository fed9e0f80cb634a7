-- Accepts tasks that are added to a plan, all or none, as new units, and requests another synthesis after them.
-- ARGV: shard, the batch to be enqueued next as JSON, first new unit, how long the plan may take from now on in ms or 0,
-- number of tasks, what the event tells of them as JSON, the ids of all tasks as JSON, what has grown as JSON, digest of the
-- Idempotency-Key or '', hash of the request, 1 if some task waits for another, the staged list of the tasks or '',
-- number of the other dependencies, those, number of arguments for `:dependents`, those, then, unless they are staged,
-- the tasks as `:requeue` lists them
-- Returns { 'gone' } | { 'known', hash of the first request } | { 'stopped' } | { 'changed' } | { 'unsettled' } |
-- { 'queued', 1 if some tasks still have to be stored }
local unit, count = tonumber(ARGV[3]), tonumber(ARGV[5])
local key, staged = ARGV[9], ARGV[12]

if redis.call('EXISTS', plan) == 0 then return { 'gone' } end
local known = key ~= '' and redis.call('HGET', plan .. ':additions', key)
if known then return { 'known', known } end
if is_unsettled() == 1 then return { 'unsettled' } end
if header('stop') then return { 'stopped' } end

local at = 13
local function arguments()
  local some, last = {}, at + tonumber(ARGV[at])
  for i = at + 1, last do some[#some + 1] = ARGV[i] end
  at = last + 1
  return some
end
-- Another batch came first, or is still being enqueued: it must not be forgotten.
if unit ~= number('nextUnit') or header('batch') then return { 'changed' } end
for _, status in ipairs(statuses_of(arguments())) do
  if ENDED[status] and status ~= 'succeeded' then return { 'changed' } end
end

if key ~= '' then redis.call('HSET', plan .. ':additions', key, ARGV[10]) end
if ARGV[11] == '1' then redis.call('HSET', plan, 'constrained', 1) end
in_parts('HSET', plan .. ':dependents', arguments())
open_batch(ARGV[2], unit, count, tonumber(ARGV[4]))
redis.call('HSET', plan .. ':adding', 'count', count, 'tasks', ARGV[6], 'ids', ARGV[7], 'growth', ARGV[8])
if staged ~= '' then
  redis.call('RENAME', staged, plan .. ':requeue')
  redis.call('PERSIST', plan .. ':requeue')
  -- Putting that list in place is enough for one script.
  steps = MOST_STEPS
else
  for i = at, #ARGV do redis.call('RPUSH', plan .. ':requeue', ARGV[i]) end
end
redis.call('RPUSH', plan .. ':requeue', 'added')
local constrained = number('constrained') == 1
settle_tasks(constrained)
settle_plan(constrained)
publish()
return { 'queued', is_unsettled() }
