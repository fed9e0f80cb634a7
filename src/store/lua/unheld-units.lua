-- ARGV: shard, units. Returns those that nothing holds back; all of them if the plan is gone
local unheld = {}
local gone = redis.call('EXISTS', plan) == 0
for i = 2, #ARGV do
  if gone or (redis.call('HEXISTS', plan .. ':held', ARGV[i]) == 0
    and not redis.call('ZSCORE', plan .. ':ready', ARGV[i])) then
    unheld[#unheld + 1] = ARGV[i]
  end
end
return unheld
