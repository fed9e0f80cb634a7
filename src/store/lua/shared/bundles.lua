-- Bundles. If a plan's tasks wait for nothing, a unit is a job for several of them. Which ones is
-- decided only as slots become free: each bundle takes the next of `:todo`, so that no task waits
-- behind a slow one. `:bundles` has for each bundle that was begun what it took, as `{ id, token
-- }`, and the number of its job's delivery; tasks left behind by an earlier delivery are `pending`.
-- `tickets` counts the bundles that have not been begun. While there is something to do, there is a
-- ticket or a bundle that continues.

local bundles = {}

local function open_bundle(unit)
  if not bundles[unit] then
    local raw = redis.call('HGET', plan .. ':bundles', unit)
    if not raw then redis.call('HINCRBY', plan, 'tickets', -1) end
    bundles[unit] = raw and cjson.decode(raw) or { delivery = 0, taken = {}, pending = {}, begun = 0 }
  end
  return bundles[unit]
end

local function save_bundles()
  for unit, bundle in pairs(bundles) do
    redis.call('HSET', plan .. ':bundles', unit, cjson.encode(bundle))
  end
end

-- A retried task belongs to a separate unit.
local function is_open(id)
  return not ENDED[load_task(id).status] and not unit_of(id)
end

local function open_ones(taken)
  local left = {}
  for _, entry in ipairs(taken) do
    if is_open(entry[1]) then left[#left + 1] = entry end
  end
  return left
end

-- Nothing is left to do: bundles that wait for the limit are released only to be discarded.
local function drop_bundles()
  redis.call('DEL', plan .. ':todo')
  local count = number('bundles')
  if count == 0 then return end
  -- They have no priority, so their scores are their numbers. After them come tasks that were retried.
  for _, unit in ipairs(redis.call('ZRANGE', plan .. ':ready', 0, '(' .. count, 'BYSCORE')) do
    redis.call('ZREM', plan .. ':ready', unit)
    open_bundle(unit).over = true
    release(unit)
    steps = steps + 0.25
  end
  save_bundles()
end

-- Whether a bundle that has done its share yields to another one, of this plan or of others.
local function makes_way(bundle)
  return bundle.begun >= number('bundleSize') and #bundle.pending == 0 and number('tickets') > 0
    and (number('limit') == 0 or redis.call('ZCARD', plan .. ':ready') > 0)
end

-- Frees its place under the limit.
local function leave_bundle(bundle)
  if bundle.over then return end
  bundle.over = true
  if number('limit') > 0 then redis.call('HINCRBY', plan, 'inFlight', -1) end
  if redis.call('EXISTS', plan .. ':todo') == 0 then drop_bundles() end
end

-- When there are more entries than this, those that have ended are dropped.
local MOST_TAKEN = 64

-- The next task for a bundle, or nil. The same token always gets the same answer.
local function next_of_bundle(unit, token, delivery)
  local bundle = open_bundle(unit)
  if delivery < bundle.delivery then return nil end
  if delivery > bundle.delivery then
    bundle.delivery = delivery
    local left = open_ones(bundle.taken)
    for _, entry in ipairs(bundle.pending) do left[#left + 1] = entry end
    bundle.pending, bundle.taken = left, {}
  end
  for _, entry in ipairs(bundle.taken) do
    if entry[2] == token then return entry[1] end
  end
  if makes_way(bundle) then
    leave_bundle(bundle)
    return nil
  end
  while true do
    local entry = table.remove(bundle.pending, 1)
    local id = entry and entry[1] or redis.call('LPOP', plan .. ':todo')
    if not id then
      leave_bundle(bundle)
      return nil
    end
    if is_open(id) then
      if #bundle.taken >= MOST_TAKEN then bundle.taken = open_ones(bundle.taken) end
      bundle.taken[#bundle.taken + 1] = { id, token }
      bundle.begun = bundle.begun + 1
      return id
    end
  end
end

-- Called if a bundle has taken the last ticket and left something to do: another bundle is needed
-- for slots that this one does not know of. Returns its number.
local function issue_ticket(unit)
  local bundle = bundles[unit]
  if bundle.issued and redis.call('HEXISTS', plan .. ':bundles', bundle.issued) == 0
    and bundle.told ~= bundle.delivery then
    bundle.told = bundle.delivery
    return bundle.issued
  end
  if number('limit') > 0 or number('tickets') > 0 or redis.call('EXISTS', plan .. ':todo') == 0 then return 0 end
  bundle.issued = number('nextUnit')
  bundle.told = bundle.delivery
  redis.call('HINCRBY', plan, 'nextUnit', 1)
  redis.call('HINCRBY', plan, 'tickets', 1)
  return bundle.issued
end
