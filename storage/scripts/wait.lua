-- needs: ledger queues taking waiting channels
-- One visitor of a waiting list: joins it, looks where they stand, comes for the seat, or leaves.
-- ARGV: 1 "uid:version" that the caller knows, 2 "join", "look", "come" or "leave", 3 the visitor's id, 4 a random seed,
--       5 the visitor's lanes, 6 hold seconds where the campaign sets none, 7 channel or "", 8 name (join),
--       9 how many may wait (join), 10 HOUR.
-- Reply: {version, definition if the caller knows another one, state, group's position, due, serial, confirmed, how many wait
--         before, whether a promise was missed}; nil if there is no such campaign.
--
-- All of it may be asked again when an answer was lost: the same id joins once, and comes to the same seat.
local ASK_AGAIN, NONE, WAITS, SEAT, OPEN, FULL = -1, 0, 1, 2, 3, 4
local ENTRIES_MAX = 20000         -- with those who are in, or did not come
local LINES_MAX = 64              -- visitors of further kinds wait for the groups that are for everybody
local PRUNE = 16                  -- of the oldest entries that each join looks at
local action, id = ARGV[2], ARGV[3]
seed = tonumber(ARGV[4])

local function text(number)
  return string.format('%.0f', number)
end

local function forget(e)
  waiting().line_leave(e.line, e.id)
  call('ZREM', WAITED, e.id)
  call('HDEL', WAITING, e.id)
end

-- The seat that was promised; nil: it is not theirs any more.
local function seat_of(e)
  local g = e.group ~= '-' and group_read(e.group)
  if not g or not g.on or (g.expires > 0 and now >= g.expires) then return nil end
  local bucket = waiting().bucket_of(e)
  if e.serial >= tonumber(call('HGET', SEATS, 'b:' .. bucket) or '0') then return nil end
  if call('GETBIT', DEFINITION .. ':back:' .. bucket, e.serial) == 1 then return nil end
  return g
end

-- The seat of a group that was closed meanwhile goes back; they stand where they stood.
local function revoke(e)
  local g = group_read(e.group)
  local live = g and e.serial < tonumber(call('HGET', SEATS, 'b:' .. waiting().bucket_of(e)) or '0')
  if live then ledger().give_back(g, text(e.due), e.serial) end
  waiting().wait_again(e)
end

-- Seen again: in the line that fits them now, and in it at all if they missed their seat.
local function seen(e)
  if e.state == 'w' and call('HLEN', LINES) < LINES_MAX then
    local line = waiting().line_name(ARGV[5])
    if line ~= e.line then
      waiting().line_leave(e.line, e.id)
      e.line = line
      waiting().wait_again(e)
    end
  elseif e.state == 'p' and not seat_of(e) then
    local missed = waiting().has_missed(e)
    revoke(e)
    return missed
  end
  return false
end

local function prune()
  for _, old in ipairs(call('ZRANGE', WAITED, 0, PRUNE - 1)) do
    local e = waiting().entry_read(old)
    if not e then
      call('ZREM', WAITED, old)
    elseif now >= e.joined + WAITING_KEEP_SECONDS or (call('ZCARD', WAITED) >= ENTRIES_MAX and (e.state == 'i' or
           waiting().has_missed(e))) then
      forget(e)
    end
  end
end

local function keep()
  for _, key in ipairs({WAITING, WAITED, LINES}) do call('EXPIRE', key, WAITING_KEEP_SECONDS) end
  for _, line in ipairs(call('HKEYS', LINES)) do call('EXPIRE', DEFINITION .. ':line:' .. line, WAITING_KEEP_SECONDS) end
end

-- A new entry at the end; nil: the list is full, or closed.
local function join()
  if waiting().promise_seconds == 0 then return nil end
  prune()
  if waits >= tonumber(ARGV[9]) or call('ZCARD', WAITED) >= ENTRIES_MAX then return nil end
  local line = waiting().line_name(ARGV[5])
  if call('HLEN', LINES) >= LINES_MAX then line = waiting().line_name('') end
  local e = {id = id, number = tonumber(call('HINCRBY', SEATS, 'line', 1)), joined = now, line = line,
             channel = ARGV[7] ~= '' and ARGV[7] or '-', name = ARGV[8]}
  waiting().wait_again(e)
  call('ZADD', WAITED, e.number, id)
  keep()
  return e
end

-- Takes the promised seat. A group that only redirects has no page that could confirm it; one with a page gives as much time to
-- confirm as to anybody, however late the visitor came.
local function come(e, g)
  if e.state == 'i' then return end
  local bucket = waiting().bucket_of(e)
  call('SETBIT', DEFINITION .. ':hold:' .. bucket, e.serial, 1)
  call('HINCRBY', SEATS, 'h:' .. g.id, -1)
  if g.holds then
    call('HINCRBY', SEATS, 'u:' .. g.id, -1)
    count_seats('b', g, 1)
    g.taken = 1
    runs_book({{group = g}}, hold_seconds > 0 and hold_seconds or tonumber(ARGV[6]))
    e.due, e.serial = g.due, g.base
  else
    if follow then ledger().came(g.id, 1) end
    count_seats('c', g, 1)
    ledger().count_untold(-1)
  end
  e.state = 'i'
  waiting().entry_write(e)
  if e.channel ~= '-' then count_channel(e.channel, 1) end
end

local version, uid, running = open()
if not version then return nil end
if waits > 0 and running then running = waiting().let_in() end
local stale = ARGV[1] ~= uid .. ':' .. version
local function reply(state, g, e, missed)
  local confirmed = g and call('GETBIT', DEFINITION .. ':hold:' .. g.id .. ':' .. text(e.due), e.serial) or 0
  return {version, stale and call('GET', DEFINITION) or '', state, g and g.position or -1, g and e.due or 0, g and e.serial or 0,
          confirmed, state == WAITS and waiting().before(e.number) or 0, missed and 1 or 0}
end
if lanes_stale(version, uid, ARGV[1]) then return reply(ASK_AGAIN) end

local e, missed = waiting().entry_read(id), false
if e and action == 'leave' then
  if e.state == 'p' and seat_of(e) then revoke(e) end
  forget(e)
  return reply(NONE)
end
if e then
  missed = seen(e)
  if e.state == 'i' and not seat_of(e) then -- they were in; what they want now is another seat
    if action == 'join' then forget(e) end
    e = nil
  end
end
if action == 'join' and not e then
  local any = false
  for _, lane in ipairs(lanes_read(ARGV[5])) do any = any or queues().head(lane) end
  if any and running then return reply(OPEN) end
  e = join()
  if not e then return reply(FULL) end
end
if not e then return reply(NONE) end
-- A seat may be free that nobody else waited for.
if e.state == 'w' and running then
  waiting().let_in()
  e = waiting().entry_read(id)
end
if e.state == 'w' then return reply(WAITS, nil, e, missed) end
local g = seat_of(e)
if action == 'come' then come(e, g) end
return reply(SEAT, g, e)
