-- What agents have said and done, step by step. The hash `:steps` has the fields `<task>` with its log { from, first,
-- count, done, bytes, print, retried }, `<task>#<number>` with the answer, and `<task>#<number>+` with the tool results;
-- the last two start with a line of times. `from`: the step before the current conversation; `first`: the first step
-- that is still stored; `done`: the last complete one; `print`: what the conversation depends on. `:stepfiles` holds a
-- task's edits up to `done`.

local function load_log(id)
  local raw = redis.call('HGET', plan .. ':steps', id)
  return raw and cjson.decode(raw) or { from = 0, first = 1, count = 0, done = 0, bytes = 0 }
end

local function save_log(id, log)
  redis.call('HSET', plan .. ':steps', id, cjson.encode(log))
end

-- Messages that a task's agent has not read yet.
local function load_messages(id)
  local raw = redis.call('HGET', plan .. ':messages', id)
  return raw and cjson.decode(raw) or {}
end

local function save_messages(id, messages)
  if #messages == 0 then
    redis.call('HDEL', plan .. ':messages', id)
  else
    redis.call('HSET', plan .. ':messages', id, cjson.encode(messages))
  end
end

local function drop_message(id, message_id)
  local left = {}
  for _, message in ipairs(load_messages(id)) do
    if message.id ~= message_id then left[#left + 1] = message end
  end
  save_messages(id, left)
end

local function keep_field(key, field, value, log)
  log.bytes = log.bytes + #value - redis.call('HSTRLEN', key, field)
  redis.call('HSET', key, field, value)
end

-- Old conversations stay readable as long as a task's steps take no more than this, in bytes.
local ROOM_FOR_OLD = 2 * 1024 * 1024

-- The next step starts a new conversation.
local function begin_steps_anew(id, log)
  log.from = log.count
  log.done = log.count
  log.retried = nil
  log.bytes = log.bytes - redis.call('HSTRLEN', plan .. ':stepfiles', id)
  redis.call('HDEL', plan .. ':stepfiles', id)
  if log.bytes > ROOM_FOR_OLD then
    for number = log.first, log.count do
      redis.call('HDEL', plan .. ':steps', id .. '#' .. number, id .. '#' .. number .. '+')
    end
    log.first = log.count + 1
    log.bytes = 0
  end
  save_log(id, log)
end
