-- Allocates another version, to be written by the job named. ARGV: shard, 1 when preliminary
-- Answers { 'gone' } | { 'allocated', version, job id }
if redis.call('EXISTS', plan) == 0 then return { 'gone' } end
local preliminary = ARGV[2] == '1'
local version = redis.call('HINCRBY', plan, 'syn:allocated', 1)
local job_id = plan_id .. '-v' .. version
redis.call('HSET', plan .. ':versions', job_id, version)
if not preliminary then
  redis.call('HINCRBY', plan, 'syn:pending', 1)
  redis.call('HSET', plan, 'syn:status', 'pending')
end
return { 'allocated', tostring(version), job_id }
