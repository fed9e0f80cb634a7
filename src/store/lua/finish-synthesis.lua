-- Stores a version and, if nothing is left to do, finishes the plan, in one step.
-- ARGV: shard, job id, version or '0' for a plan without synthesis, JSON or '', status of the
-- synthesis, executor, outcome of the plan if it ends, usage JSON or '', kind of the job, the
-- missing edits as JSON or '', 1 for a preliminary version, the staged key of the further pages of a
-- long JSON or '', and their number
-- Returns 'gone' | 'done' | 'stored' | 'finished' if the plan has finished
if redis.call('EXISTS', plan) == 0 then return 'gone' end
local job_id, version, json, status, executor, outcome = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local kind = ARGV[9]
if redis.call('SISMEMBER', plan .. ':synthesized', job_id) == 1
  or redis.call('HGET', plan .. ':versions', job_id) == 'superseded' then return 'done' end
require_staged(ARGV[12], ARGV[13])
if header('syn:own') == job_id then redis.call('HDEL', plan, 'syn:own') end
redis.call('SADD', plan .. ':synthesized', job_id)
local counted = close_spending(job_id)
for _, field in ipairs(redis.call('HKEYS', plan .. ':parts')) do
  if string.sub(field, 1, #job_id + 1) == job_id .. ' ' then redis.call('HDEL', plan .. ':parts', field) end
end
-- A preliminary version that arrives after the plan has ended is kept, but is not the newest.
local is_late = kind == 'preliminary' and header('outcome')
if version ~= '0' then
  if redis.call('HSETNX', plan .. ':syntheses', version, json) == 1 then
    if ARGV[12] ~= '' then
      redis.call('RENAME', ARGV[12], pages_key(version))
      redis.call('PERSIST', pages_key(version))
    end
  end
  if not is_late and tonumber(version) > number('syn:version') then
    redis.call('HSET', plan, 'syn:version', version, 'syn:preliminary', ARGV[11])
  end
  if ARGV[8] ~= '' then add_usage(usage_since(counted, cjson.decode(ARGV[8]))) end
  emit('synthesis.finished', {
    version = tonumber(version), status = status, executor = executor, preliminary = kind == 'preliminary', at = now
  })
end
local pending = number('syn:pending')
-- Only a batch's final synthesis keeps the plan open.
if kind == 'final' then
  pending = redis.call('HINCRBY', plan, 'syn:pending', -1)
  -- One that an older version of the service began was not counted.
  if number('syn:begun') > 0 then redis.call('HINCRBY', plan, 'syn:begun', -1) end
end
if version ~= '0' and not is_late then
  redis.call('HSET', plan, 'syn:status', pending > 0 and number('syn:none') == 0 and 'pending' or status)
end
if kind == 'final' then
  if ARGV[10] ~= '' then redis.call('HSET', plan, 'editsProblem', ARGV[10])
  else redis.call('HDEL', plan, 'editsProblem') end
end
if kind == 'final' and pending <= 0 and remaining() == 0 then finish_plan(outcome) end
publish()
return header('outcome') and 'finished' or 'stored'
