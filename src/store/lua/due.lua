-- A shard's plans that need upkeep, one page of unfinished plans at a time.
-- KEYS: the sorted set of plans that are unfinished, or have finished with work left. ARGV: shard, index of the page's first plan, page size,
-- ms after which a submission counts as interrupted, ms without an event after which a synthesis does
-- Returns { past their deadline, past their retention, interrupted, with units to release, with
-- tasks to settle, whose units may have ended without their synthesis, index of the next page or -1 };
-- the first two only with the first page, at most one page of each
local active, shard = KEYS[1], ARGV[1]
local from, count, patience, synthesis_ms = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

-- The ids of events begin with their time.
local function last_event_at(plan)
  local last = redis.call('XREVRANGE', plan .. ':events', '+', '-', 'COUNT', 1)[1]
  return last and tonumber(string.match(last[1], '^%d+')) or 0
end

local overdue, expired, unsealed, releasing, unsettled, unwritten = {}, {}, {}, {}, {}, {}
if from == 0 then
  overdue = redis.call('ZRANGEBYSCORE', shard .. ':deadlines', '-inf', now, 'LIMIT', 0, count)
  expired = redis.call('ZRANGEBYSCORE', shard .. ':expiry', '-inf', now, 'LIMIT', 0, count)
end
local ids = redis.call('ZRANGE', active, from, from + count - 1)
for _, id in ipairs(ids) do
  local plan = shard .. ':plan:' .. id
  local found = redis.call('HMGET', plan, 'createdAt', 'enqueued', 'unsettled', 'syn:own', 'n:queued', 'n:running', 'outcome')
  local is_releasing = redis.call('EXISTS', plan .. ':released') == 1
  if not found[1] then
    -- Only its entry in the list is left.
    redis.call('ZREM', active, id)
  elseif found[7] and not found[3] and not found[4] and not is_releasing then
    redis.call('ZREM', active, id)
  else
    if not found[2] and tonumber(found[1]) <= now - patience then unsealed[#unsealed + 1] = id end
    if found[3] then unsettled[#unsettled + 1] = id end
    if found[2] and found[4] and not found[3] and tonumber(found[5] or 0) + tonumber(found[6] or 0) == 0
      and last_event_at(plan) <= now - synthesis_ms then
      unwritten[#unwritten + 1] = id
    end
    if is_releasing then releasing[#releasing + 1] = id end
  end
end
-- Nothing is waiting, so fair queueing starts again at its first round.
if from == 0 and #ids == 0 and redis.call('EXISTS', shard .. ':round') == 1 then
  redis.call('DEL', shard .. ':round')
end
return { overdue, expired, unsealed, releasing, unsettled, unwritten, #ids == count and from + count or -1 }
