-- Continues what a script left undone for tasks that end together.
-- ARGV: shard
-- Returns { released units, 1 if there is more }
if redis.call('EXISTS', plan) == 0 then return { {}, 0 } end
local constrained = number('constrained') == 1
settle_tasks(constrained)
settle_plan(constrained)
publish()
return { to_promote(), is_unsettled() }
