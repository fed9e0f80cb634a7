-- The header, every task's state and the id of the newest event, as of one moment.
local newest = redis.call('XREVRANGE', plan .. ':events', '+', '-', 'COUNT', 1)
return {
  redis.call('HGETALL', plan),
  redis.call('HGETALL', plan .. ':tasks'),
  newest[1] and newest[1][1] or '0-0'
}
