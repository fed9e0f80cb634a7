-- Decides about a plan that was stored: it is accepted for good, or given up. Whoever tells a caller of
-- a plan has had it accepted before; nobody gives one up after that.
-- ARGV: shard, tenant, how old it must be to be given up, ms, 1 for who stored it and knows that its batch
--       is not in the queue as a whole, then the suffixes of a plan's keys
-- Answers { 'accepted', units to promote } | { 'pending' } | { 'gone' }
if redis.call('EXISTS', plan) == 0 then return { 'gone' } end
if header('accepted') then return { 'accepted', {} } end
-- A task that has begun proves that the batch is in the queue; a stop, that somebody knows of the plan.
if ARGV[4] ~= '1' and (header('startedAt') or header('stop')) then
  accept()
  return { 'accepted', redis.call('SMEMBERS', plan .. ':released') }
end
if now - number('createdAt') < tonumber(ARGV[3]) then return { 'pending' } end
delete_plan(ARGV[2], 5)
return { 'gone' }
