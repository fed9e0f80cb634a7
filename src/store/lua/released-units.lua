-- ARGV: shard. Returns the released units that have not been promoted yet.
if not has_jobs() then return {} end
return redis.call('SMEMBERS', plan .. ':released')
