-- Holding and releasing. A plan with an order or a limit has units that must not run yet: their jobs
-- lie in the queue as delayed. `:held` counts what each still waits for; at 0 it moves to `:ready`, and
-- from there, as the limit allows, to `:released`, which lists the jobs to promote. A process promotes
-- them and only then takes them off the list, so that one that dies in between leaves them for the sweeper.
-- While a batch is on its way into the queue there may be no such jobs yet: then whoever marks it as
-- enqueued promotes them.

local released = {}

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

-- Those of a higher priority first, then as they come in the plan.
local function make_ready(unit)
  local priority = tonumber(redis.call('HGET', plan .. ':priorities', unit) or '0')
  redis.call('ZADD', plan .. ':ready', unit - priority * 1e7, unit)
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
  -- A unit that ends while still held (its task was skipped or cancelled) was never in flight: its
  -- job is released only to be thrown away.
  if redis.call('HDEL', plan .. ':held', unit) == 1 or redis.call('ZREM', plan .. ':ready', unit) == 1 then
    release(unit)
  else
    redis.call('HINCRBY', plan, 'inFlight', -1)
  end
end

-- A task that this one depends on has succeeded.
local function hold_less(id, task)
  local unit = redis.call('HGET', plan .. ':units', id)
  if unit and redis.call('HEXISTS', plan .. ':held', unit) == 1
    and redis.call('HINCRBY', plan .. ':held', unit, -1) <= 0 then
    redis.call('HDEL', plan .. ':held', unit)
    make_ready(unit)
    task.queuedAt = now
    save_task(id, task)
  end
end
