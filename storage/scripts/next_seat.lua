-- needs: ledger taking
-- "Can't get in": a seat in another open group, a report against the first one, and its seat given back.
-- ARGV: 1 "uid:version" that the caller knows, 2 group, 3 due, 4 serial, 5 a random seed,
--       6 hold seconds where the campaign sets none, then groups to avoid.
-- Reply: see answer() in taking.lua; nil if there is no such campaign.
--
-- The first seat goes back only where it can be told that it has not gone back before: while its bucket is there. Else
-- one cookie, sent again and again, would free seats of others.
seed = tonumber(ARGV[5])
local id, due, serial = ARGV[2], ARGV[3], tonumber(ARGV[4])
local bucket = id .. ':' .. due

local function report(g)
  call('HINCRBY', SEATS, 'r:' .. id, 1)
  local times = {tostring(now)}
  for t in string.gmatch(call('HGET', SEATS, 't:' .. id) or '', '%d+') do
    if #times < SUSPECT_REPORTS and now - tonumber(t) < SUSPECT_SECONDS then times[#times + 1] = t end
  end
  call('HSET', SEATS, 't:' .. id, table.concat(times, ' '))
  if #times == SUSPECT_REPORTS and not g.suspect then
    g.suspect = true
    call('HSET', SEATS, 's:' .. id, now)
    ledger().queue_settle(g)
  end
end

-- A confirmed seat is one of the confirmed ones only as long as an admin's head count has not said otherwise.
local function was_counted(g, confirmed)
  if not confirmed then return true end
  local held = 0
  for _, member in ipairs(call('ZRANGE', DUE, 0, -1)) do
    local name, when = ledger().bucket_split(member)
    if name == id then held = held + ledger().count_held(name, when) end
  end
  return g.used > held
end

local function give_back(g)
  if call('SETBIT', DEFINITION .. ':back:' .. bucket, serial, 1) == 1 then return end
  local confirmed = call('SETBIT', DEFINITION .. ':hold:' .. bucket, serial, 1) == 1
  if not was_counted(g, confirmed) then return end
  g.used = tonumber(call('HINCRBY', SEATS, 'u:' .. id, -1))
  ledger().queue_settle(g)
end

local version, uid, running = open()
if not version then return nil end
local avoid = {[id] = true}
for i = 7, #ARGV do avoid[ARGV[i]] = true end
local runs, taken = {}, 0
if running then runs, taken = take(1, nil, avoid, tonumber(ARGV[6])) end
local g = group_read(id)
if g then
  local live = serial < tonumber(call('HGET', SEATS, 'b:' .. bucket) or '0')
  local again = live and call('GETBIT', DEFINITION .. ':back:' .. bucket, serial) == 1
  if not again then report(g) end
  if live and taken == 1 then give_back(g) end
end
return answer(version, uid, ARGV[1], runs, taken)
