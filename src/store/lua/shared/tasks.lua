-- The records of tasks and attempts, and the counts of tasks by status.

local ENDED = { succeeded = true, incomplete = true, failed = true, cancelled = true, skipped = true }

-- Codes that park a plan: nothing new starts until somebody has paid, and running tasks may finish.
local PARKING = { ['budget-exhausted'] = true, ['provider-quota'] = true }

-- Records that this script has read or written. Whoever changes one saves it.
local tasks, attempts = {}, {}

local function load_task(id)
  if not tasks[id] then
    local raw = redis.call('HGET', plan .. ':tasks', id)
    tasks[id] = raw and cjson.decode(raw) or { status = 'queued', attempt = 0, spent = 0 }
  end
  return tasks[id]
end

-- The statuses of any number of tasks, matched in their stored records, which are too many to decode.
local function statuses_of(ids)
  local statuses = fields_of(plan .. ':tasks', ids)
  for i, raw in ipairs(statuses) do statuses[i] = raw and string.match(raw, '"status":"(%a+)"') or 'queued' end
  return statuses
end

local function save_task(id, task)
  tasks[id] = task
  put('HSET', ':tasks', id, cjson.encode(task))
end

-- The unit of a task in a plan with an order or a limit, or of one that was retried.
local function unit_of(id)
  return has_key(':units') and redis.call('HGET', plan .. ':units', id)
end

-- The `queued` counter starts at the number of tasks, because a task without a record is queued.
local function move(task, status)
  if task.status == status then return end
  add('n:' .. task.status, -1)
  add('n:' .. status, 1)
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

-- The number of the preliminary synthesis that is due after this many ended tasks, returned only
-- once; else 0.
local function preliminary_due(left)
  local every = number('syn:every')
  if every == 0 or left == 0 then return 0 end
  local total = 0
  for _, count in pairs(counts()) do total = total + count end
  local due = math.floor((total - left) / every)
  if due <= number('syn:due') then return 0 end
  redis.call('HSET', plan, 'syn:due', due)
  return due
end

local function save_attempt(id, attempt)
  local name = id .. '#' .. attempt.number
  attempts[name] = attempt
  put('HSET', ':attempts', name, cjson.encode(attempt))
end

local function load_attempt(id, attempt_number)
  local name = id .. '#' .. attempt_number
  if attempts[name] then return attempts[name] end
  local raw = redis.call('HGET', plan .. ':attempts', name)
  attempts[name] = raw and cjson.decode(raw)
  return attempts[name]
end
