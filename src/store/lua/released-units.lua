-- ARGV: shard. Answers the units to promote that nobody has promoted yet.
if not has_jobs() then return {} end
return redis.call('SMEMBERS', plan .. ':released')
