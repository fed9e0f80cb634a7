-- ARGV: shard, code, message. A timeout only stops a plan whose deadline has passed: it may have
-- been retried since.
-- Returns { 'unsettled' } | { 'gone' } | { 'finished' } | { 'not-due' } | { 'stopped' }, then released
-- units, and 1 if some tasks still have to be ended
if is_requeuing() then return { 'unsettled', {}, 1 } end
if ARGV[2] == 'plan-timeout' then
  local deadline = tonumber(redis.call('ZSCORE', shard .. ':deadlines', plan_id) or '')
  if not deadline or deadline > now then return { 'not-due', {}, 0 } end
  redis.call('ZREM', shard .. ':deadlines', plan_id)
end
if redis.call('EXISTS', plan) == 0 then return { 'gone', {}, 0 } end
if header('outcome') then return { 'finished', {}, 0 } end
stop_plan(ARGV[2], ARGV[3])
settle_plan(number('constrained') == 1)
publish()
return { 'stopped', to_promote(), is_unsettled() }
