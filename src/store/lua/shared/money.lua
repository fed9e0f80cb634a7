-- Money. `u:costNanos` is what was spent, `b:reserved` what is reserved for running calls,
-- `b:unknown` what calls may have cost that never reported it. `:spending` has for each running
-- attempt and synthesis the usage that `u:` already includes, and its calls: { nanos, likely, known
-- }.

local function load_spending(spender)
  local raw = redis.call('HGET', plan .. ':spending', spender)
  return raw and cjson.decode(raw) or { calls = {} }
end

local function save_spending(spender, spending)
  there[':spending'] = true
  redis.call('HSET', plan .. ':spending', spender, cjson.encode(spending))
end

-- Whether this attempt, or the synthesis of this job, is the one that is running.
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

-- The spender has ended or died: releases the reservations of its calls, and records separately
-- what they may have cost. Returns the usage that has already been counted, and that amount.
local function close_spending(spender)
  if not has_key(':spending') or redis.call('HEXISTS', plan .. ':spending', spender) == 0 then return nil, 0 end
  local spending = load_spending(spender)
  local unknown = 0
  for _, call in pairs(spending.calls) do
    let_go(call, call.likely)
    unknown = unknown + call.likely
  end
  redis.call('HDEL', plan .. ':spending', spender)
  return spending.usage, unknown
end

-- The total usage of a spender so far; the increase is added to the plan's usage.
local function count_usage(spender, usage)
  local spending = load_spending(spender)
  local since = usage_since(spending.usage, usage)
  add_usage(since)
  spending.usage = sum_usage(spending.usage, since)
  save_spending(spender, spending)
end
