-- Holding and releasing. A plan with an order or a limit has units that must not run yet; their
-- jobs are in the queue as delayed jobs. `:held` counts what each still waits for. At 0 it moves to
-- `:ready`, and from there, as the limit allows, to `:released`, which lists the jobs to promote. A
-- process promotes them and only then removes them from the list, so that the sweeper finds them if
-- it dies in between. While a batch is still being enqueued the jobs may not exist yet; then
-- whoever marks it as enqueued promotes them.

local released = {}

local function release(unit)
  redis.call('SADD', plan .. ':released', unit)
  released[#released + 1] = unit
end

-- Whether every unit has its job. For the first batch, a task that has started proves it.
local function has_jobs()
  if header('enqueued') then return true end
  return not header('batch') and header('startedAt')
end

-- The units that the caller must promote.
local function to_promote()
  return has_jobs() and released or {}
end

-- By priority, then in plan order.
local function make_ready(unit)
  local priority = tonumber(redis.call('HGET', plan .. ':priorities', unit) or '0')
  redis.call('ZADD', plan .. ':ready', unit - priority * 1e7, unit)
end

-- Returns whether more units could be released within the limit, by another script.
local function release_ready()
  local limit = number('limit')
  local room = limit == 0 and math.huge or limit - number('inFlight')
  while room > 0 do
    if steps >= MOST_STEPS then return redis.call('EXISTS', plan .. ':ready') == 1 end
    local popped = redis.call('ZPOPMIN', plan .. ':ready')
    if #popped == 0 then return false end
    add('inFlight', 1)
    release(popped[1])
    room = room - 1
    steps = steps + 0.25
  end
  return false
end

-- Called once for each ended task of a plan that holds units back.
local function leave_unit(id)
  local unit = redis.call('HGET', plan .. ':units', id)
  if not unit then return end
  -- A unit that ends while still held (its task was skipped or cancelled) was never in flight: its
  -- job is released only to be discarded.
  if redis.call('HDEL', plan .. ':held', unit) == 1 or redis.call('ZREM', plan .. ':ready', unit) == 1 then
    release(unit)
  else
    redis.call('HINCRBY', plan, 'inFlight', -1)
  end
end

-- A dependency of this task has succeeded. Returns whether it has no reason to run again, now that all of them have.
local function hold_less(id, task)
  local unit = redis.call('HGET', plan .. ':units', id)
  if unit and redis.call('HEXISTS', plan .. ':held', unit) == 1
    and redis.call('HINCRBY', plan .. ':held', unit, -1) <= 0 then
    if task.former and not task.changed then return true end
    redis.call('HDEL', plan .. ':held', unit)
    make_ready(unit)
    task.queuedAt = now
    save_task(id, task)
  end
  return false
end
