-- needs: ledger
-- Confirms a hold; if its bucket is gone, takes a seat of the same group again if there is room, once for each hold.
-- ARGV: 1 group, 2 due, 3 serial, 4 HOUR. Reply: 1 kept, 2 it was confirmed before, 0 given back and no room; nil if there is no
-- such campaign.
local LATE_SECONDS = 30 * 86400 -- as long as a visitor is known
local id, due, serial = ARGV[1], ARGV[2], tonumber(ARGV[3])
local bucket = id .. ':' .. due

local row = call('HMGET', SEATS, 'b:' .. bucket, 'follow')
if serial < tonumber(row[1] or '0') then
  if call('GETBIT', DEFINITION .. ':back:' .. bucket, serial) == 1 then return 0 end
  if call('SETBIT', DEFINITION .. ':hold:' .. bucket, serial, 1) == 1 then return 2 end
  call('HINCRBY', SEATS, 'h:' .. id, -1)
  if row[2] then ledger().came(id, 1) end
  count_seats('c', group_read(id), 1)
  return 1
end

local version, _, running = open()
if not version then return nil end
local late = DEFINITION .. ':late:' .. bucket
if call('GETBIT', late, serial) == 1 then return 2 end
local g = group_read(id)
-- Where others wait, a seat that is free is theirs.
if not running or waits > 0 or not g or group_room(g) == 0 then return 0 end
call('SETBIT', late, serial, 1)
call('EXPIRE', late, LATE_SECONDS)
g.used = tonumber(call('HINCRBY', SEATS, 'u:' .. id, 1))
if follow then ledger().came(id, 1) end
count_seats('d', g, 1)
ledger().count_untold(1)
ledger().queue_step(g)
return 1
