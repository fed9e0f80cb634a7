-- What is known of one prompt prefix: 'warm', or the token of the turn that leads, and ' calling' behind
-- it once its call is on its way. Each expires by itself.
-- KEYS: the mark. ARGV: claim | hold | warm | leave, the token, how long the mark lasts in ms, and for
-- hold whether the call is on its way ('1' or '0')
-- Answers a claim with { 'lead' } | { 'warm', ms left } | { 'led', 1 or 0 for calling }, the others with {}
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
