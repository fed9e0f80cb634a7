-- ARGV: shard, job id, kind of the job. A `final` job is skipped if another one will follow, a
-- `preliminary` one if nothing is left to run, because the final one is next or has been written.
-- Returns { 'gone' } | { 'unsettled' } | { 'done', version } | { 'superseded' } | { 'go', version
-- }; the version is 0 for a plan without synthesis
local job_id = ARGV[2]
if redis.call('EXISTS', plan) == 0 then return { 'gone' } end
-- Tasks that still have to be ended no longer have jobs, and the last synthesis finishes the plan.
if is_unsettled() == 1 then return { 'unsettled' } end
local version = redis.call('HGET', plan .. ':versions', job_id)
if version == 'superseded' then return { 'superseded' } end
if version and redis.call('HEXISTS', plan .. ':syntheses', version) == 1 then return { 'done', version } end
if not version then
  if ARGV[3] == 'preliminary' and (header('outcome') or remaining() == 0) then
    redis.call('HSET', plan .. ':versions', job_id, 'superseded')
    return { 'superseded' }
  end
  if ARGV[3] == 'final' and number('syn:pending') > 1 then
    redis.call('HSET', plan .. ':versions', job_id, 'superseded')
    redis.call('HINCRBY', plan, 'syn:pending', -1)
    return { 'superseded' }
  end
  -- A plan without synthesis is just finished: no version, no event.
  if ARGV[3] == 'final' and number('syn:none') == 1 then return { 'go', '0' } end
  version = tostring(redis.call('HINCRBY', plan, 'syn:allocated', 1))
  redis.call('HSET', plan .. ':versions', job_id, version)
end
-- If an earlier run died before it wrote the version, what it used stays counted.
close_spending(job_id)
redis.call('HSET', plan, 'syn:status', 'running')
-- Only once, however often the job continues after its parts or after a crash.
if redis.call('HSETNX', plan .. ':parts', job_id .. ' begun', now) == 1 then
  emit('synthesis.started', { version = tonumber(version), at = now })
end
publish()
return { 'go', version }
