-- Takes entries of the outbox that are due, for a while: who took one and died is followed by another.
-- KEYS: 1 the outbox, 2 its entries by the millisecond at which they are due. ARGV: 1 now, 2 until when they are taken, both
-- in milliseconds, 3 how many. Reply: {id, entry, id, entry ...}
local reply = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])) do
  local entry = redis.call('HGET', KEYS[1], id)
  if entry then
    redis.call('ZADD', KEYS[2], ARGV[2], id)
    reply[#reply + 1] = id
    reply[#reply + 1] = entry
  else
    redis.call('ZREM', KEYS[2], id)
  end
end
return reply
