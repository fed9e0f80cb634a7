-- Tasks that are retried together are queued again a few at a time, and tasks that are added are stored likewise.
-- `:requeue` lists the remaining ones: '<unit> <id> <priority> <number of dependencies in the batch>
-- <id of another dependency>…', followed by a line with its specification if the task is new. A task that only runs if
-- what it depends on has changed is followed by `~w` if it writes files, otherwise `~r`, and the tasks that it comes
-- after without reading their outputs. Until the list is empty, no task of the batch has a job, nothing is released,
-- and dependents of ended tasks are handled only later, so the order of the list does not matter. New tasks appear in
-- the plan together, when its last entry, 'added', is reached.

local function is_requeuing()
  return redis.call('EXISTS', plan .. ':requeue') == 1
end

local ended_since

-- Whether it ended after the retry was accepted; then its dependents still have to be handled.
local function is_to_be_followed(id)
  if not ended_since then
    ended_since = {}
    local ids = redis.call('ZRANGE', plan .. ':ended', '(' .. number('requeueAfter'), '+inf', 'BYSCORE')
    for _, each in ipairs(ids) do ended_since[each] = true end
  end
  return ended_since[id]
end

-- A task that ended for lack of money continues from its last step. Any other ended by itself, and continuing would
-- lead to the same end.
local function retry_steps(id, task)
  if redis.call('HEXISTS', plan .. ':steps', id) == 0 then return end
  local log = load_log(id)
  if task.error and PARKING[task.error.code] then
    log.retried = true
    save_log(id, log)
  else
    begin_steps_anew(id, log)
  end
end

-- A task whose inputs may have changed keeps its former record, as text, and its output until it is known whether they
-- have. This forgets both: it runs again, or ends without having run.
local function forget_former(id, task)
  if not task.former then return end
  drop_output(id)
  if redis.call('HEXISTS', plan .. ':steps', id) == 1 then begin_steps_anew(id, load_log(id)) end
  task.former, task.writes, task.behind, task.changed = nil, nil, nil, nil
end

-- The stored tasks become part of the plan.
local function publish_added()
  local count, tasks_json, ids, growth = unpack(redis.call('HMGET', plan .. ':adding', 'count', 'tasks', 'ids', 'growth'))
  redis.call('SET', plan .. ':ids', ids)
  redis.call('HSET', plan, 'growth', growth)
  redis.call('DEL', plan .. ':adding')
  add('n:queued', tonumber(count))
  -- The list may be too long to be decoded.
  local told = '{"tasks":' .. tasks_json .. ',"counts":' .. cjson.encode(counts()) .. ',"at":' .. string.format('%.0f', now) .. '}'
  emit('tasks.added', {}, told)
end

local function store_added(id, spec)
  redis.call('HSET', plan .. ':specs', id, spec)
  save_task(id, { status = 'queued', attempt = 0, spent = 0, queuedAt = now })
end

-- `doubtful` and `behind`: for a task that only runs if an input has changed.
local function queue_again(id, doubtful, behind)
  local task = load_task(id)
  local again = {
    status = 'queued', attempt = task.attempt, spent = 0, usage = task.usage, queuedAt = now,
    was = task.status == 'succeeded' and task.print or nil
  }
  if doubtful then
    again.former = cjson.encode(task)
    again.writes = doubtful == '~w' or nil
    again.behind = #behind > 0 and behind or nil
  else
    -- Whoever asked for it wants it to run, and not an output from elsewhere.
    again.anew = true
    retry_steps(id, task)
    drop_output(id)
  end
  move(task, 'queued')
  save_task(id, again)
  redis.call('ZREM', plan .. ':ended', id)
  redis.call('SREM', plan .. ':cancels', id)
  emit('task.requeued', { taskId = id, attempt = task.attempt, at = now, reason = doubtful and 'dependency' or 'retry' })
end

local function requeue(entry)
  local line, spec = string.match(entry, '^([^\n]*)\n?(.*)$')
  local unit, id, priority, waits, rest = string.match(line, '^(%d+) (%S+) (%S+) (%d+)(.*)$')
  local others, behind, doubtful = {}, {}, nil
  for word in string.gmatch(rest, '%S+') do
    if string.sub(word, 1, 1) == '~' then
      doubtful = word
    else
      local list = doubtful and behind or others
      list[#list + 1] = word
    end
  end
  local is_ordered = waits ~= '0' or #others > 0
  waits = tonumber(waits)
  for i, status in ipairs(statuses_of(others)) do
    if not ENDED[status] or is_to_be_followed(others[i]) then waits = waits + 1 end
  end
  steps = steps + 1.5 + #others / 20

  if spec == '' then queue_again(id, doubtful, behind) else store_added(id, spec) end
  redis.call('HSET', plan .. ':units', id, unit)
  there[':units'] = true
  if priority ~= '0' then redis.call('HSET', plan .. ':priorities', unit, priority) end
  if waits > 0 then
    redis.call('HSET', plan .. ':held', unit, waits)
  elseif is_ordered or number('limit') > 0 then
    make_ready(unit)
  else
    add('inFlight', 1)
    if number('heldBatch') == 1 then release(unit) end
  end
end

local function requeue_chosen()
  while steps < MOST_STEPS do
    local entry = redis.call('LPOP', plan .. ':requeue')
    if not entry then return end
    if entry == 'added' then publish_added() else requeue(entry) end
  end
end
