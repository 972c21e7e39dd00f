-- Seats by channel and day.
local function count_channel(channel, count)
  local key, field = DEFINITION .. ':stats:' .. string.sub(HOUR, 1, 10), 'seat:' .. channel
  if call('HINCRBY', key, field, count) > count then return end
  -- Names that strangers make up must not fill the memory.
  if call('HINCRBY', key, 'channels', 1) > CHANNELS_MAX then
    call('HDEL', key, field)
    call('HINCRBY', key, 'channels', -1)
    call('HINCRBY', key, 'seat:~other', count)
  end
  ledger().stats_keep(key)
end
