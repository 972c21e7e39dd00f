-- What became of an entry of the outbox. KEYS: 1 the outbox, 2 its entries by when they are due, 3 how destinations are, 4 the
-- destinations. ARGV: 1 the entry's id, 2 when it is due again, milliseconds (0: it goes), 3 what it then is, 4 the destination,
-- 5 how that is ("": nothing new). Reply: 1.
if ARGV[2] == '0' then
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('ZREM', KEYS[2], ARGV[1])
elseif redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
  redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
end
if redis.call('HEXISTS', KEYS[4], ARGV[4]) == 0 then
  redis.call('HDEL', KEYS[3], ARGV[4])
elseif ARGV[5] ~= '' then
  redis.call('HSET', KEYS[3], ARGV[4], ARGV[5])
end
return 1
