-- ARGV: shard, job id, kind of the job. A `final` job is skipped if another one will follow, a
-- `preliminary` one if nothing is left to run, because the final one is next or has been written.
-- `syn:own` is the job id of the final synthesis that the units of the first batch write, until it is stored.
-- Returns { 'gone' } | { 'unsettled' } | { 'early' } | { 'done', version } | { 'superseded' }
-- | { 'go', version }; the version is 0 for a plan without synthesis
local job_id = ARGV[2]

-- The synthesis after a retry replaces the one that the units of the first batch have to write, which may have
-- begun: it takes over the version, and what a slower process writes for the other one is refused.
local function take_over(own)
  local allocated = redis.call('HGET', plan .. ':versions', own)
  local begun = redis.call('HGET', plan .. ':parts', own .. ' begun')
  if begun then redis.call('HSET', plan .. ':parts', job_id .. ' begun', begun) end
  close_spending(own)
  redis.call('HSET', plan .. ':versions', own, 'superseded')
  redis.call('HINCRBY', plan, 'syn:pending', -1)
  redis.call('HDEL', plan, 'syn:own')
  return allocated
end

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
  if ARGV[3] == 'final' then
    -- One that has begun has read what there was, and does not know of what a retry has run since.
    local others = number('syn:pending') - 1
    local follow = others - number('syn:begun')
    local own = header('syn:own')
    -- The unit that ends the last task calls this again, unless a retry has taken that task over.
    if own == job_id and remaining() > 0 then return { 'early' } end
    if own and own ~= job_id and others == 1 and remaining() == 0 then
      version = take_over(own)
      follow = 0
    end
    if follow > 0 then
      redis.call('HSET', plan .. ':versions', job_id, 'superseded')
      redis.call('HINCRBY', plan, 'syn:pending', -1)
      return { 'superseded' }
    end
    if not version then redis.call('HINCRBY', plan, 'syn:begun', 1) end
    -- A plan without synthesis is just finished: no version, no event.
    if number('syn:none') == 1 then version = '0' end
  end
  version = version or tostring(redis.call('HINCRBY', plan, 'syn:allocated', 1))
  redis.call('HSET', plan .. ':versions', job_id, version)
end
if version == '0' then return { 'go', '0' } end
-- If an earlier run died before it wrote the version, what it used stays counted.
close_spending(job_id)
redis.call('HSET', plan, 'syn:status', 'running')
-- Only once, however often the job continues after its parts or after a crash.
if redis.call('HSETNX', plan .. ':parts', job_id .. ' begun', now) == 1 then
  emit('synthesis.started', { version = tonumber(version), at = now })
end
publish()
return { 'go', version }
