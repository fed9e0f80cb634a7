-- Releases the reservation of one call.
-- ARGV: shard, spender, id of the call, 1 if it may have been billed without being reported, model,
-- what the call has shown as JSON or ''
-- Returns 0 if it was already released.
local spender, id = ARGV[2], ARGV[3]
if redis.call('EXISTS', plan) == 0 then return 0 end
if ARGV[6] ~= '' then
  local raw = redis.call('HGET', plan .. ':seen', ARGV[5])
  local seen, new = raw and cjson.decode(raw) or {}, cjson.decode(ARGV[6])
  for field, value in pairs(new) do seen[field] = math.max(seen[field] or 0, value) end
  redis.call('HSET', plan .. ':seen', ARGV[5], cjson.encode(seen))
end
local spending = load_spending(spender)
local call = spending.calls[id]
if not call then return 0 end
let_go(call, ARGV[4] == '1' and call.likely or 0)
spending.calls[id] = nil
save_spending(spender, spending)
return 1
