-- Reserves money for one call, in nano-dollars.
-- ARGV: shard, spender, task or '', attempt or job, id of the call, model, the experience that its
-- quote is based on as JSON or '', least, enough, most, likely, 1 if it goes out with others
-- Returns { 'reserved', nanos } | { 'wait' } | { 'exhausted' } | { 'outdated' }

-- How many times its maximum a call may cost and still be covered: a provider may count things
-- nobody sent.
local ROOM = 2
-- After each period of this length, one more call may begin without experience.
local PATIENCE_MS = 5000

local spender, id = ARGV[2], ARGV[5]
local known = ARGV[7] ~= ''
-- Whether it does not have to learn from others first.
local certain = known or ARGV[12] == '1'
local least, enough, most = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
if not spends_still(ARGV[3], ARGV[4]) then return { 'exhausted' } end
local spending = load_spending(spender)
-- Sent again by a reconnected client.
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
-- Each call that began without experience may exceed its share by as much as another call has.
local overdraft = math.ceil((seen.overdraftUsd or 0) * 1e9) * number('b:blind')
local free = left - reserved - overdraft
-- All that is left, divided among the remaining tasks, so that they can run in parallel.
local tasks = math.max(1, remaining())
local share = math.floor(left / tasks)
local blind = number('b:blind')
if not certain and share < ROOM * most and blind > 0 then
  -- Wait until one of them shows what such a call really costs, but not for a slow one alone.
  local patience = math.floor((now - number('b:blindAt')) / PATIENCE_MS)
  if blind > patience then return { 'wait' } end
end
local nanos = math.min(most, math.max(enough, share))
if free < nanos then
  -- Take less than enough only if nobody is going to release anything, so that waiting is
  -- pointless.
  if free < enough and reserved > 0 then return { 'wait' } end
  nanos = free
end
spending.calls[id] = { nanos = nanos, likely = math.min(nanos, tonumber(ARGV[11])), known = certain }
save_spending(spender, spending)
redis.call('HINCRBY', plan, 'b:reserved', nanos)
if not certain then
  if blind == 0 then redis.call('HSET', plan, 'b:blindAt', now) end
  redis.call('HINCRBY', plan, 'b:blind', 1)
end
return { 'reserved', nanos }
