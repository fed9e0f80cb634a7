-- How a plan is created and removed. Its id is random and never reused, so whatever outlives it
-- finds it gone.

-- Marks the plan as accepted: its batch is in the queue, and callers may be told.
local function accept()
  redis.call('HSET', plan, 'accepted', 1, 'enqueued', 1)
end

-- Where the pages of a version are, except the first.
local function pages_key(version)
  return plan .. ':pages:' .. version
end

-- Removes everything of a plan except its jobs. The suffixes of its keys are in ARGV, from `at` on.
-- Tasks are not ended one by one: that would block Redis for a plan that is gone.
local function delete_plan(tenant, at)
  local key_record = header('keyRecord')
  if key_record and string.match(redis.call('GET', key_record) or '', '^%S+') == plan_id then
    redis.call('UNLINK', key_record)
  end
  for _, version in ipairs(redis.call('HKEYS', plan .. ':syntheses')) do
    redis.call('UNLINK', pages_key(version))
  end
  for _, paged in ipairs(redis.call('HVALS', plan .. ':paged')) do
    redis.call('UNLINK', output_pages_key(paged))
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
