-- Long values: the first page is stored like a short value, the others in a hash of their own, which was
-- written before, under a key that expires.

-- Fails if a page is missing, so call it before anything is written.
local function require_staged(key, count)
  if key ~= '' and redis.call('HLEN', key) ~= tonumber(count) then
    error(redis.error_reply('STAGED_PAGES_LOST they have to be written again'))
  end
end

-- Of outputs. Pages have a name of their own each time, so that whoever is reading those of an earlier
-- attempt finds them gone, not others.
local function output_pages_key(paged)
  return plan .. ':outputs:' .. string.match(paged, '^%S+')
end

local function drop_pages(id)
  if not has_key(':paged') then return end
  local paged = redis.call('HGET', plan .. ':paged', id)
  if not paged then return end
  redis.call('HDEL', plan .. ':paged', id)
  redis.call('UNLINK', output_pages_key(paged))
end

local function keep_pages(id, key, count)
  drop_pages(id)
  if key == '' then return end
  redis.call('PERSIST', key)
  redis.call('HSET', plan .. ':paged', id, string.match(key, '[^:]+$') .. ' ' .. count)
  there[':paged'] = true
end

local function drop_output(id)
  redis.call('HDEL', plan .. ':outputs', id)
  drop_pages(id)
end
