-- What some channels of a campaign counted on some days. KEYS: for each day :stats:<day> and :visits:<day>. ARGV: the
-- channels. Reply: for each day the seats of each channel, and its counts of visits; nil where there are none.
local seats, visits, reply = {}, {}, {}
for i, channel in ipairs(ARGV) do
  seats[i], visits[i] = 'seat:' .. channel, 'c' .. channel
end
for i = 1, #KEYS - #KEYS % 2, 2 do
  reply[i] = redis.call('HMGET', KEYS[i], unpack(seats))
  reply[i + 1] = redis.call('HMGET', KEYS[i + 1], unpack(visits))
end
return reply
