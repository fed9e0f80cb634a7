-- Loaded before every script. KEYS[1] is the plan's header; its other keys are that name plus a
-- suffix, so that they all share one hash slot. ARGV[1] is the channel prefix of the shard.
--
-- Times come from Redis itself: one clock for all processes, so that timestamps show the order of
-- two tasks that ran on different machines.
local plan = KEYS[1]
local shard = ARGV[1]
local plan_id = string.match(plan, '[^:]+$')
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

local function header(field)
  return redis.call('HGET', plan, field)
end

-- Whether one of the plan's keys exists, looked up once per script; for keys that few plans have.
local there = {}

local function has_key(suffix)
  if there[suffix] == nil then there[suffix] = redis.call('EXISTS', plan .. suffix) == 1 end
  return there[suffix]
end

-- Increments of header fields, written once by `publish`, however many tasks contribute.
local added = {}

local function add(field, by)
  added[field] = (added[field] or 0) + by
end

local function number(field)
  return (tonumber(redis.call('HGET', plan, field) or '0') or 0) + (added[field] or 0)
end

-- Stays well below the number of arguments that Lua can pass.
local AT_ONCE = 1000

-- The values of any number of fields of a hash.
local function fields_of(key, names)
  local values = {}
  for first = 1, #names, AT_ONCE do
    local some = redis.call('HMGET', key, unpack(names, first, math.min(first + AT_ONCE - 1, #names)))
    for i, value in ipairs(some) do values[first + i - 1] = value end
  end
  return values
end

-- One command for any number of arguments.
local function in_parts(command, key, arguments)
  for first = 1, #arguments, AT_ONCE do
    redis.call(command, key, unpack(arguments, first, math.min(first + AT_ONCE - 1, #arguments)))
  end
end

-- What scripts that write of many tasks write at their end, by `publish`: a command for each key.
local later

local function write_together()
  later = { HSET = {}, ZADD = {} }
end

-- `HSET` of a field and its value, or `ZADD` of a score and its member.
local function put(command, suffix, first, second)
  if not later then return redis.call(command, plan .. suffix, first, second) end
  local arguments = later[command][suffix] or {}
  later[command][suffix] = arguments
  arguments[#arguments + 1] = first
  arguments[#arguments + 1] = second
end
