-- needs: ledger taking
-- Takes n seats of one campaign.
-- ARGV: 1 "uid:version" that the caller knows, 2 n, 3 a group to try first or "", 4 a random seed, 5 the day,
--       6 hold seconds where the campaign sets none, then pairs of channel and count, in the order of the visitors who ask.
-- Reply: see answer() in taking.lua; nil if there is no such campaign.
seed = tonumber(ARGV[4])

-- Seats by channel; the visitors who came first are those who got one.
local function count_channels(taken)
  local counts, key = {}, DEFINITION .. ':stats:' .. ARGV[5]
  for i = 7, #ARGV, 2 do
    local count = math.min(taken, tonumber(ARGV[i + 1]))
    if count > 0 and ARGV[i] ~= '' then counts[ARGV[i]] = (counts[ARGV[i]] or 0) + count end
    taken = taken - count
  end
  for channel, count in pairs(counts) do
    local field = 'seat:' .. channel
    local total = call('HINCRBY', key, field, count)
    if total == count then
      -- Names that strangers make up must not fill the memory.
      if call('HLEN', key) > CHANNELS_MAX then
        call('HDEL', key, field)
        call('HINCRBY', key, 'seat:~other', count)
      end
      call('EXPIRE', key, STATS_SECONDS)
      call('HSET', SEATS, 'd:' .. ARGV[5], 1)
    end
  end
end

local version, uid, running = open()
if not version then return nil end
local runs, taken = {}, 0
if running then
  runs, taken = take(tonumber(ARGV[2]), ARGV[3] ~= '' and ARGV[3], nil, tonumber(ARGV[6]))
  if #ARGV > 6 then count_channels(taken) end
end
return answer(version, uid, ARGV[1], runs, taken)
