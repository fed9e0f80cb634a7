-- Decides whether a stored plan is accepted for good or given up. A plan is accepted before any
-- caller is told about it, and is never given up after that.
-- ARGV: shard, tenant, how old it must be to be given up in ms, 1 for the process that stored it
-- and knows that its batch is not completely in the queue, then the suffixes of a plan's keys
-- Returns { 'accepted', units to promote } | { 'pending' } | { 'gone' }
if redis.call('EXISTS', plan) == 0 then return { 'gone' } end
if header('accepted') then return { 'accepted', {} } end
-- A task that has begun proves that the batch is in the queue; a stop proves that somebody knows
-- the plan.
if ARGV[4] ~= '1' and (header('startedAt') or header('stop')) then
  accept()
  return { 'accepted', redis.call('SMEMBERS', plan .. ':released') }
end
if now - number('createdAt') < tonumber(ARGV[3]) then return { 'pending' } end
delete_plan(ARGV[2], 5)
return { 'gone' }
