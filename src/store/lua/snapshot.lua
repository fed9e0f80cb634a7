-- Tasks of a plan, its header if requested, and the id of the newest event, read consistently.
-- ARGV: shard, 1 for the header or 0, then ids of tasks, a few hundred at most
-- Returns { id of the newest event, fields of the header, when the plan was created, states of the
-- tasks }
local newest = redis.call('XREVRANGE', plan .. ':events', '+', '-', 'COUNT', 1)
return {
  newest[1] and newest[1][1] or '0-0',
  ARGV[2] == '1' and redis.call('HGETALL', plan) or {},
  redis.call('HGET', plan, 'createdAt'),
  #ARGV > 2 and redis.call('HMGET', plan .. ':tasks', unpack(ARGV, 3)) or {}
}
