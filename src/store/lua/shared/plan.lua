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

-- Increments of header fields, written once by `publish`, however many tasks contribute.
local added = {}

local function add(field, by)
  added[field] = (added[field] or 0) + by
end

local function number(field)
  return (tonumber(redis.call('HGET', plan, field) or '0') or 0) + (added[field] or 0)
end
