-- Seats by channel and day.
local function count_channel(day, channel, count)
  local key, field = DEFINITION .. ':stats:' .. day, 'seat:' .. channel
  if call('HINCRBY', key, field, count) > count then return end
  -- Names that strangers make up must not fill the memory.
  if call('HLEN', key) > CHANNELS_MAX then
    call('HDEL', key, field)
    call('HINCRBY', key, 'seat:~other', count)
  end
  call('EXPIRE', key, STATS_SECONDS)
  call('HSET', SEATS, 'd:' .. day, 1)
end
