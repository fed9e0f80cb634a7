-- Money. `u:costNanos` is what was spent, `b:reserved` what is set aside for calls that run, `b:unknown`
-- what calls may have cost of which nobody said so. `:spending` holds, of each attempt and synthesis that
-- runs, the usage that is counted in `u:` already, and its calls: { nanos, likely, known }.

local function load_spending(spender)
  local raw = redis.call('HGET', plan .. ':spending', spender)
  return raw and cjson.decode(raw) or { calls = {} }
end

local function save_spending(spender, spending)
  redis.call('HSET', plan .. ':spending', spender, cjson.encode(spending))
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
