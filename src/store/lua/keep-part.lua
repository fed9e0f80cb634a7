-- Keeps part of an unfinished synthesis until its version is stored; the first of a name wins.
-- ARGV: shard, job id of the synthesis, name, text, then for a part its own job id and its usage as
-- JSON, else ''
-- Returns 'kept' | 'over'
if redis.call('EXISTS', plan) == 0 then return 'over' end
local job_id, part_id = ARGV[2], ARGV[5]
local over = redis.call('SISMEMBER', plan .. ':synthesized', job_id) == 1
local new = not over and redis.call('HSETNX', plan .. ':parts', job_id .. ' ' .. ARGV[3], ARGV[4]) == 1
if part_id ~= '' then
  redis.call('SADD', plan .. ':synthesized', part_id)
  local counted = close_spending(part_id)
  -- If the part was already stored, only what was counted so far stays.
  if new then add_usage(usage_since(counted, cjson.decode(ARGV[6]))) end
end
return over and 'over' or 'kept'
