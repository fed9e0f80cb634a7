-- ARGV: shard, code, message. A timeout stops only a plan whose deadline has passed: it may have been retried since.
-- Answers { 'gone' } | { 'finished' } | { 'not-due' } | { 'stopped', released units }
if ARGV[2] == 'plan-timeout' then
  local deadline = tonumber(redis.call('ZSCORE', shard .. ':deadlines', plan_id) or '')
  if not deadline or deadline > now then return { 'not-due', {} } end
  redis.call('ZREM', shard .. ':deadlines', plan_id)
end
if redis.call('EXISTS', plan) == 0 then return { 'gone', {} } end
if header('outcome') then return { 'finished', {} } end
stop_plan(ARGV[2], ARGV[3])
if number('constrained') == 1 then release_ready() end
publish()
return { 'stopped', to_promote() }
