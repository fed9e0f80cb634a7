-- ARGV: shard, code, message. Answers { 'gone' } | { 'finished' } | { 'stopped', released units }
if redis.call('EXISTS', plan) == 0 then return { 'gone', {} } end
if header('outcome') then return { 'finished', {} } end
stop_plan(ARGV[2], ARGV[3])
if number('constrained') == 1 then release_ready() end
publish()
return { 'stopped', to_promote() }
