-- Stores a model's answer, a message, or the results of the tools that the model called, with the usage of the attempt
-- so far.
-- ARGV: shard, taskId, attempt, token, name of the conversation, number of the step, 'answer' or 'results', ms since
--       the model was called, 1 if the step is complete, JSON of its event, JSON of the answer or results, JSON of all
--       usage of the attempt, JSON of the edits or '' if unchanged, id of the message that the step is or '', then
--       number and JSON of each older result to replace
-- Returns { 'kept', total bytes of the task, JSON of its unread messages or false } | { 'refused' }
local id, attempt_number, token = ARGV[2], ARGV[3], ARGV[4]
local number_of_step, is_answer, complete = tonumber(ARGV[6]), ARGV[7] == 'answer', ARGV[9] == '1'
if redis.call('EXISTS', plan) == 0 then return { 'refused' } end
local task = load_task(id)
if task.status ~= 'running' or task.token ~= token then return { 'refused' } end

local log = load_log(id)
log.print = ARGV[5]
log.retried = nil
log.count = math.max(log.count, number_of_step)
local times = { attempt = tonumber(attempt_number), finishedAt = complete and now or nil }
if is_answer then times.startedAt = now - tonumber(ARGV[8]) end
local field = id .. '#' .. number_of_step .. (is_answer and '' or '+')
keep_field(plan .. ':steps', field, cjson.encode(times) .. '\n' .. ARGV[11], log)
for i = 15, #ARGV, 2 do
  local old = id .. '#' .. ARGV[i] .. '+'
  local line = string.match(redis.call('HGET', plan .. ':steps', old) or '', '^[^\n]*\n')
  if line then keep_field(plan .. ':steps', old, line .. ARGV[i + 1], log) end
end
if ARGV[14] ~= '' then drop_message(id, ARGV[14]) end
if ARGV[13] ~= '' then keep_field(plan .. ':stepfiles', id, ARGV[13], log) end
count_usage(id .. '#' .. attempt_number, cjson.decode(ARGV[12]))
if complete and number_of_step > log.done then
  log.done = number_of_step
  local event = cjson.decode(ARGV[10])
  event.taskId, event.attempt, event.number, event.at = id, tonumber(attempt_number), number_of_step, now
  emit('step.finished', event)
end
save_log(id, log)
publish()
return { 'kept', log.bytes, redis.call('HGET', plan .. ':messages', id) }
