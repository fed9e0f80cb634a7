(function()
  local time = redis.call('TIME')
  return { tostring(tonumber(time[1]) + tonumber(redis.call('GET', 'moved-seconds') or '0')), time[2] }
end)()
