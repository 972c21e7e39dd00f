-- needs: ledger queues taking waiting channels
-- Takes n seats of one campaign.
-- ARGV: 1 "uid:version" that the caller knows, 2 a group to try first or "", 3 a random seed, 4 hold seconds where
--       the campaign sets none, then lanes, channel and count, in the order of the visitors who ask; then HOUR.
-- Reply: see answer() in taking.lua; nil if there is no such campaign.
seed = tonumber(ARGV[3])

local version, uid, running = open()
if not version then return nil end
if waits > 0 and running then running = waiting().let_in() end
if lanes_stale(version, uid, ARGV[1]) then return answer(version, uid, ARGV[1], {}, -1) end
local runs, taken, channels = {}, 0
for i = 5, #ARGV - 1, 3 do
  local channel, count = ARGV[i + 1], tonumber(ARGV[i + 2])
  if running then
    local got = take(runs, count, lanes_read(ARGV[i]), i == 5 and ARGV[2] ~= '' and ARGV[2])
    taken = taken + got
    if channel ~= '' and got > 0 then
      channels = channels or {}
      channels[channel] = (channels[channel] or 0) + got
    end
  else
    runs[#runs + 1] = {count = count}
  end
end
runs_book(runs, hold_seconds > 0 and hold_seconds or tonumber(ARGV[4]))
for channel, count in pairs(channels or {}) do count_channel(channel, count) end
return answer(version, uid, ARGV[1], runs, taken)
