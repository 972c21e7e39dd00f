-- needs: ledger
-- What a worker has told people of seats, for a Redis that may have forgotten it; see seats_memory.h. Once is as good as twice.
-- ARGV: 1 uid of the campaign, 2 version of its definition then, 3 group, 4 due of a bucket, 5 serials issued in it, 6 bitmap of those
--       confirmed; or, with due 0, 5 seats used; then HOUR. Reply: how many seats were put back, and how many confirmations.
-- What is due stays until all servers have told of it: among it may be seats that were confirmed.
local version, uid = open(true)
local id, due, count = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local g = uid == ARGV[1] and group_read(id)
if not g then return {0, 0} end

local function put(kind, seats)
  if seats <= 0 then return 0 end
  g.used = tonumber(call('HINCRBY', SEATS, 'u:' .. id, seats))
  count_seats(kind, g, seats)
  ledger().queue_settle(g)
  return seats
end

-- A newer definition may say how many are in the group: then that is right.
if due == 0 then
  local seats = tonumber(version) <= tonumber(ARGV[2]) and put('d', count - g.used) or 0
  if follow and seats > 0 then ledger().came(id, seats) end
  return {seats, 0}
end
local bucket = id .. ':' .. due
local issued = tonumber(call('HGET', SEATS, 'b:' .. bucket) or '0')
-- Who held a seat of a bucket that was given back has lost it; what was confirmed there has been counted.
if issued == 0 and due <= swept then return {0, 0} end
local seats, confirmed = put('h', count - issued), 0
if seats > 0 then
  call('HINCRBY', SEATS, 'h:' .. id, seats)
  call('HSET', SEATS, 'b:' .. bucket, count)
  local at = due - shift
  call('ZADD', DUE, at, bucket)
  call('HSET', SEATS, 'last', math.max(last_due, at))
  if not first_due or at < first_due then call('HSET', SEATS, 'due', at) end
end
if ARGV[6] ~= '' then
  local hold, mine = DEFINITION .. ':hold:' .. bucket, DEFINITION .. ':mine'
  local before = call('BITCOUNT', hold)
  call('SET', mine, ARGV[6])
  call('BITOP', 'OR', hold, hold, mine)
  call('DEL', mine)
  confirmed = call('BITCOUNT', hold) - before
  if confirmed > 0 then
    call('HINCRBY', SEATS, 'h:' .. id, -confirmed)
    count_seats('c', g, confirmed)
    if follow then ledger().came(id, confirmed) end
  end
end
return {seats, confirmed}
