-- What attempts and syntheses have used, as totals of the plan.

local USAGE = { 'inputTokens', 'outputTokens', 'cacheReadTokens', 'cacheWriteTokens', 'steps' }

-- Money is stored in whole nano-dollars: sums of floats would drift.
local function add_usage(usage)
  if not usage then return end
  for _, field in ipairs(USAGE) do
    if usage[field] and usage[field] > 0 then redis.call('HINCRBY', plan, 'u:' .. field, usage[field]) end
  end
  if usage.costUsd and usage.costUsd > 0 then
    redis.call('HINCRBY', plan, 'u:costNanos', math.floor(usage.costUsd * 1e9 + 0.5))
  end
end

local function sum_usage(a, b)
  if not a then return b end
  if not b then return a end
  for _, field in ipairs(USAGE) do a[field] = (a[field] or 0) + (b[field] or 0) end
  a.costUsd = (a.costUsd or 0) + (b.costUsd or 0)
  return a
end

-- Because of rounding to nano-dollars, two sums of the same calls may differ slightly.
local function usage_since(before, usage)
  if not before or not usage then return usage end
  local since = {}
  for _, field in ipairs(USAGE) do since[field] = math.max(0, (usage[field] or 0) - (before[field] or 0)) end
  since.costUsd = math.max(0, (usage.costUsd or 0) - (before.costUsd or 0))
  return since
end
