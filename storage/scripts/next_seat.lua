-- needs: ledger queues taking waiting
-- "Can't get in": a seat in another open group, a report against the first one, and its seat given back.
-- ARGV: 1 "uid:version" that the caller knows, 2 group, 3 due, 4 serial, 5 a random seed,
--       6 hold seconds where the campaign sets none, 7 the visitor's lanes, then groups to avoid; then HOUR.
-- Reply: see answer() in taking.lua; nil if there is no such campaign.
--
-- The first seat goes back only where it can be told that it has not gone back before: while its bucket is there. Else
-- one cookie, sent again and again, would free seats of others.
seed = tonumber(ARGV[5])
local id, due, serial = ARGV[2], ARGV[3], tonumber(ARGV[4])
local bucket = id .. ':' .. due

-- Several visitors make a group suspect, not one who tells again and again: only a seat that is still in its bucket, and has
-- not told before, speaks for a visitor. All others are counted, no more.
local function report(g, speaks)
  call('HINCRBY', SEATS, 'r:' .. id, 1)
  count_seats('x', g, 1)
  if not speaks then return end
  local times = {tostring(now)}
  for t in string.gmatch(call('HGET', SEATS, 't:' .. id) or '', '%d+') do
    if #times < SUSPECT_REPORTS and math.abs(now - tonumber(t)) < SUSPECT_SECONDS then times[#times + 1] = t end
  end
  call('HSET', SEATS, 't:' .. id, table.concat(times, ' '))
  if #times == SUSPECT_REPORTS and not g.suspect then
    g.suspect = true
    call('HSET', SEATS, 's:' .. id, now)
    ledger().queue_settle(g)
    ledger().tell_groups()
  end
end

local version, uid, running = open()
if not version then return nil end
if waits > 0 and running then running = waiting().let_in() end
local avoid = {[id] = true}
for i = 8, #ARGV - 1 do avoid[ARGV[i]] = true end
if lanes_stale(version, uid, ARGV[1]) then return answer(version, uid, ARGV[1], {}, -1) end
local runs, taken = {}, 0
if running then
  taken = take(runs, 1, lanes_read(ARGV[7]), nil, avoid)
  runs_book(runs, hold_seconds > 0 and hold_seconds or tonumber(ARGV[6]))
else
  runs[1] = {count = 1}
end
local g = group_read(id)
if g and running then
  local live = serial < tonumber(call('HGET', SEATS, 'b:' .. bucket) or '0')
  local again = live and call('SETBIT', DEFINITION .. ':told:' .. bucket, serial, 1) == 1
  if not again then report(g, live) end
  if live and taken == 1 then ledger().give_back(g, due, serial) end
end
return answer(version, uid, ARGV[1], runs, taken)
