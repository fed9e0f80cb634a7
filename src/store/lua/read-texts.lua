-- Events and texts after two positions, read consistently.
-- ARGV: shard, id of an event, id of a text, how many of each
return {
  redis.call('XRANGE', plan .. ':events', '(' .. ARGV[2], '+', 'COUNT', ARGV[4]),
  redis.call('XRANGE', plan .. ':text', '(' .. ARGV[3], '+', 'COUNT', ARGV[4])
}
