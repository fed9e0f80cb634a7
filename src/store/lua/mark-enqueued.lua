-- ARGV: shard, first unit of the batch
-- Answers { 'marked', the units to promote: those that were released before they had jobs } | { 'late' } | { 'gone' }
-- Not on a plan that was deleted meanwhile: it must not come back as a header of one field.
if redis.call('EXISTS', plan) == 0 then return { 'gone' } end
local batch = header('batch')
if batch and cjson.decode(batch).firstUnit ~= tonumber(ARGV[2]) then return { 'late' } end
if not batch and header('enqueued') then return { 'late' } end
accept()
redis.call('HDEL', plan, 'batch')
return { 'marked', redis.call('SMEMBERS', plan .. ':released') }
