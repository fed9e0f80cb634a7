-- ARGV: shard, tenant, then the suffixes of a plan's keys
delete_plan(ARGV[2], 3)
