-- Sets money aside for one call, in nano-dollars.
-- ARGV: shard, spender, task or '', attempt or job, id of the call, model, the experience that its quote
--       rests on as JSON or '', least, enough, most, likely
-- Answers { 'reserved', nanos } | { 'wait' } | { 'exhausted' } | { 'outdated' }

-- How much more than its most a call may cost and still be paid for: a provider may count what nobody sent.
local ROOM = 2
-- After so long another call begins without experience, and then one more each time.
local PATIENCE_MS = 5000

local spender, id = ARGV[2], ARGV[5]
local known = ARGV[7] ~= ''
local least, enough, most = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
if not spends_still(ARGV[3], ARGV[4]) then return { 'exhausted' } end
local spending = load_spending(spender)
-- Sent again by a connection that came back.
if spending.calls[id] then return { 'reserved', spending.calls[id].nanos } end

local raw = redis.call('HGET', plan .. ':seen', ARGV[6])
if (raw ~= false) ~= known then return { 'outdated' } end
local seen = raw and cjson.decode(raw) or {}
for field, value in pairs(known and cjson.decode(ARGV[7]) or {}) do
  if value ~= seen[field] then return { 'outdated' } end
end

local left = number('budgetNanos') - number('u:costNanos') - number('b:unknown')
if left < least then return { 'exhausted' } end
local reserved = number('b:reserved')
-- What was begun without experience may cost as much beyond its share as another call has.
local overdraft = math.ceil((seen.overdraftUsd or 0) * 1e9) * number('b:blind')
local free = left - reserved - overdraft
-- All that is left, divided among the tasks that are left: with it they can run side by side.
local tasks = math.max(1, remaining())
local share = math.floor(left / tasks)
local blind = number('b:blind')
if not known and share < ROOM * most and blind > 0 then
  -- Until one of them has shown what such a call really costs; one that takes long is not waited for alone.
  local patience = math.floor((now - number('b:blindAt')) / PATIENCE_MS)
  if blind > patience then return { 'wait' } end
end
local nanos = math.min(most, math.max(enough, share))
if free < nanos then
  -- Less than enough only where nobody will let go of anything: waiting would bring no more.
  if free < enough and reserved > 0 then return { 'wait' } end
  nanos = free
end
spending.calls[id] = { nanos = nanos, likely = math.min(nanos, tonumber(ARGV[11])), known = known }
save_spending(spender, spending)
redis.call('HINCRBY', plan, 'b:reserved', nanos)
if not known then
  if blind == 0 then redis.call('HSET', plan, 'b:blindAt', now) end
  redis.call('HINCRBY', plan, 'b:blind', 1)
end
return { 'reserved', nanos }
