-- Reads the steps that an attempt continues from.
-- ARGV: shard, taskId, attempt, token, name of the conversation, 1 to start a new one
-- Returns { 'refused' } | { 'anew', number of the last step, bytes } | { 'resumed', number of the last step, bytes,
-- 1 if it was retried since, JSON of the edits or false, then the number, answer and results of each step }
local id, attempt_number = ARGV[2], ARGV[3]
if redis.call('EXISTS', plan) == 0 then return { 'refused' } end
local task = load_task(id)
if task.status ~= 'running' or task.token ~= ARGV[4] then return { 'refused' } end
local log = load_log(id)
if log.count == log.from then return { 'anew', log.count, log.bytes } end
if ARGV[6] == '1' or log.print ~= ARGV[5] then
  begin_steps_anew(id, log)
  return { 'anew', log.count, log.bytes }
end
local attempt = load_attempt(id, attempt_number)
if attempt then
  attempt.resumedFromStep = log.count
  save_attempt(id, attempt)
end
local answer = {
  'resumed', log.count, log.bytes, log.retried and 1 or 0, redis.call('HGET', plan .. ':stepfiles', id)
}
for number_of_step = log.from + 1, log.count do
  local field = id .. '#' .. number_of_step
  local kept = redis.call('HMGET', plan .. ':steps', field, field .. '+')
  answer[#answer + 1] = number_of_step
  answer[#answer + 1] = kept[1]
  answer[#answer + 1] = kept[2]
end
return answer
