-- Removes entries of a plan, a few hundred at most. Keys as in `keep-reusable`.
-- ARGV: plan
-- Returns 1 if there are more
local base = KEYS[1]
local of_plan = base .. ':plan:' .. ARGV[1]
local refs = redis.call('SPOP', of_plan, 300)
for _, ref in ipairs(refs) do
  local key = string.match(redis.call('HGET', base .. ':refs', ref) or '', '^%S+')
  redis.call('HDEL', base .. ':refs', ref)
  redis.call('ZREM', base .. ':all', ref)
  if key then redis.call('ZREM', base .. ':of:' .. key, ref) end
end
if #refs > 0 then redis.call('DEL', base .. ':bytes') end
return redis.call('EXISTS', of_plan)
