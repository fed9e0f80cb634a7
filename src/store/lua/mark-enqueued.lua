-- Not on a plan that was deleted meanwhile: it must not come back as a header of one field.
if redis.call('EXISTS', plan) == 0 then return 0 end
redis.call('HSET', plan, 'enqueued', 1)
redis.call('HDEL', plan, 'batch')
return 1
