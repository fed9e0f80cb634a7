-- Leaves a message for the agent of a task, which reads it before its next step. `:messages` maps each task to its
-- unread messages, a JSON array of { id, text, at }. Posting the same id again changes nothing.
-- ARGV: shard, taskId, id of the message, its text, the most messages that may wait
-- Returns 'gone' | 'unknown' | 'ended' | 'too-many' | 'posted'
local id, message_id = ARGV[2], ARGV[3]
if redis.call('EXISTS', plan) == 0 then return 'gone' end
if redis.call('HEXISTS', plan .. ':specs', id) == 0 then return 'unknown' end
if ENDED[load_task(id).status] then return 'ended' end
local waiting = load_messages(id)
for _, message in ipairs(waiting) do
  if message.id == message_id then return 'posted' end
end
if #waiting >= tonumber(ARGV[5]) then return 'too-many' end
waiting[#waiting + 1] = { id = message_id, text = ARGV[4], at = now }
save_messages(id, waiting)
return 'posted'
