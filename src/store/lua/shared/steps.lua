-- What agents have said and done, step by step. `:steps` holds of each task its log { from, first, count, done, bytes,
-- print, retried }, of each step `<task>#<number>` the answer, and `<task>#<number>+` what its tools said; before
-- either stands a line of times. `from` is the step before the conversation that goes on, `first` the first step that
-- is kept, `done` the last that is complete. `:stepfiles` holds what a task has changed up to that one.

local function load_log(id)
  local raw = redis.call('HGET', plan .. ':steps', id)
  return raw and cjson.decode(raw) or { from = 0, first = 1, count = 0, done = 0, bytes = 0 }
end

local function save_log(id, log)
  redis.call('HSET', plan .. ':steps', id, cjson.encode(log))
end

-- Messages that the agent of a task has not read.
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

-- Old conversations are kept to be read, while they leave this much to the next.
local ROOM_FOR_OLD = 2 * 1024 * 1024

-- The next step begins another conversation.
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
