-- The request that an Idempotency-Key was first used for, by the job id derived from the key.
-- ARGV: shard, job id, hash of the request to claim it for, or '' to only look
-- Returns { 'gone' } | { 'free' } | { 'claimed', hash of the request, version or '' while it has
-- none }
local job_id, hash = ARGV[2], ARGV[3]
if redis.call('EXISTS', plan) == 0 then return { 'gone' } end
local field = job_id .. ' request'
if hash ~= '' then redis.call('HSETNX', plan .. ':versions', field, hash) end
local claimed = redis.call('HGET', plan .. ':versions', field)
if not claimed then return { 'free' } end
return { 'claimed', claimed, redis.call('HGET', plan .. ':versions', job_id) or '' }
