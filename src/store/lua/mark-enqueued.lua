-- ARGV: shard, first unit of the batch
-- Returns { 'marked', the units to promote: those released before they had jobs } | { 'late' } | {
-- 'gone' }
-- A plan that was deleted meanwhile must not come back as a header with one field.
if redis.call('EXISTS', plan) == 0 then return { 'gone' } end
local batch = header('batch')
-- Of a large batch too much to be decoded.
if batch and string.match(batch, '^{"firstUnit":(%d+)') ~= ARGV[2] then return { 'late' } end
if not batch and header('enqueued') then return { 'late' } end
accept()
redis.call('HDEL', plan, 'batch')
return { 'marked', redis.call('SMEMBERS', plan .. ':released') }
