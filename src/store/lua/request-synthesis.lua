-- The version that a job writes, allocated now if the job has not begun. ARGV: shard, job id
-- Returns { 'gone' } | { 'allocated', version }
local job_id = ARGV[2]
if redis.call('EXISTS', plan) == 0 then return { 'gone' } end
local version = redis.call('HGET', plan .. ':versions', job_id)
if not version then
  version = tostring(redis.call('HINCRBY', plan, 'syn:allocated', 1))
  redis.call('HSET', plan .. ':versions', job_id, version)
  redis.call('HSET', plan, 'syn:status', 'pending')
end
return { 'allocated', version }
