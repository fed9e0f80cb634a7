-- How a plan comes to be, and goes. Its id is random and never comes back, so whatever outlives it finds it gone.

-- Its batch is in the queue, and a caller may be told of it.
local function accept()
  redis.call('HSET', plan, 'accepted', 1, 'enqueued', 1)
end

-- Removes all of a plan but its jobs. The suffixes of its keys stand in ARGV, from `at` on.
-- Nothing is ended task by task: that would keep Redis from others, for a plan that is gone.
local function delete_plan(tenant, at)
  local key_record = header('keyRecord')
  if key_record and string.match(redis.call('GET', key_record) or '', '^%S+') == plan_id then
    redis.call('UNLINK', key_record)
  end
  redis.call('UNLINK', plan)
  for i = at, #ARGV do redis.call('UNLINK', plan .. ':' .. ARGV[i]) end
  redis.call('ZREM', shard .. ':plans:' .. tenant, plan_id)
  for _, list in ipairs({ 'active', 'deadlines', 'expiry' }) do
    redis.call('ZREM', shard .. ':' .. list, plan_id)
  end
  redis.call('PUBLISH', shard .. ':changes', plan_id .. '\nplan.deleted ')
  redis.call('PUBLISH', shard .. ':control', plan_id .. ' * deleted')
end
