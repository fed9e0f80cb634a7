-- The next of what a script has left to be done for tasks that end together.
-- ARGV: shard
-- Answers { released units, 1 where there is more }
if redis.call('EXISTS', plan) == 0 then return { {}, 0 } end
local constrained = number('constrained') == 1
settle_tasks(constrained)
settle_plan(constrained)
publish()
return { to_promote(), is_unsettled() }
