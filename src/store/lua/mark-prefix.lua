-- The state of a prompt prefix: 'warm', or the token of the leading turn, followed by ' calling'
-- once its call has been sent. Marks expire by themselves.
-- KEYS: the mark. ARGV: claim | hold | warm | leave, the token, how long the mark lasts in ms, and
-- for hold whether the call has been sent ('1' or '0')
-- Returns for claim { 'lead' } | { 'warm', ms left } | { 'led', 1 or 0 for calling }, otherwise {}
local action, token, ms = ARGV[1], ARGV[2], tonumber(ARGV[3])
local mark = redis.call('GET', KEYS[1])
local leader = mark and string.match(mark, '^%S+')
if action == 'warm' then
  redis.call('SET', KEYS[1], 'warm', 'PX', ms)
elseif action == 'claim' then
  if mark == 'warm' then return { 'warm', redis.call('PTTL', KEYS[1]) } end
  if mark and leader ~= token then return { 'led', mark == leader and 0 or 1 } end
  redis.call('SET', KEYS[1], token, 'PX', ms)
  return { 'lead' }
elseif leader == token then
  if action == 'leave' then
    redis.call('DEL', KEYS[1])
  else
    redis.call('SET', KEYS[1], token .. (ARGV[4] == '1' and ' calling' or ''), 'PX', ms)
  end
end
return {}
