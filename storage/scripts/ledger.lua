-- The seat ledger's common part; it stands in front of each script that takes, confirms, gives back or plans seats.
--
-- KEYS: 1 the definition, 2 its `:seats` hash, 3 its `:queue`, 4 its `:due`. Keys of holds, of given-back seats and of
-- statistics are made from KEYS[1]; the hash tag keeps all of them in one slot.
--
-- The last argument of every script that opens the ledger is HOUR: the day and hour of statistics, as the caller's clock and time
-- zone have them (Lua knows no zones), and how many days statistics are kept.
--
-- :seats   v, uid          version of the definition, and which campaign it is
--          on from until   whether it runs, and when
--          strat hold      0 fill, 1 even, 2 random; seconds that a hold lasts, 0 the server's default
--          due             the earliest bucket's due second (the head of :due)
--          lapsed          the latest expiry of a group that left the queue because it had expired
--          lanes           1, or how many different conditions (`when`) its groups have, with that of everybody
--          c:<lane>        random with several lanes: the lane's moment, see lane_clock
--          g:<id>          "position limit weight enabled expires holds lane"
--          u:<id> h:<id>   used: seats taken and not given back; of these held
--          b:<id>:<due>    serials issued in a bucket of holds; <due> is its name, and when it is due unless the clock went back
--          swept           the latest name of a bucket that was given back: it is not used again
--          seen last       when a bucket was made last, and the latest second at which one is due: a clock before `seen` went back
--          shift           by how many seconds the names of new buckets are ahead of when they are due; see clock_back
--          r:<id> t:<id> s:<id>   reports, times of the last ones, suspect since
--          d:<day>         there is a :stats:<day>
--          follow          since when its seats follow the head counts; nothing: they do not
--          m:<id>          "members at over source": the last head count, see members_read
--          wait            seconds that a seat is promised to one who waits; 0 or nothing: nobody is let in
--          lsig            what the lanes mean: changes when the conditions do
--          spread          over how many groups fast scans go; 1: over none but the next
--          p:<id>          "pace at": how many seats it gave lately, see pace_read
--          waits line      how many wait, and the number that the next one gets; see waiting.lua
-- :queue   groups with room, the next one first. What "next" means is the score: fill the position, even the share that
--          is used, random the group's next arrival in a Poisson process of its weight (so that the first arrival is
--          each group's in proportion to its weight, and a group that comes or goes changes nothing for the others).
--          A scan looks at the head only: what it costs does not grow with the groups that are full.
-- :queue:<lane>     likewise, of the groups for some visitors only; :queue is lane 0. A scan looks at the heads of the lanes
--          that fit it and takes the one with the least score, as if they were one queue.
-- :due     buckets "<id>:<due>" by the second at which their unconfirmed seats go back.
-- :came:<id>        seats confirmed lately, of a campaign whose seats follow: a ring of slots, "<slot> <count>" by slot % CAME_SLOTS
-- :members:<id>     head counts, one an hour, by that hour: "at members seats"; see set_members.lua
-- :hold:<id>:<due>  bitmap of serials that are confirmed or given back one by one; :back:<id>:<due> of the latter;
--                   :told:<id>:<due> of those who reported; :late:<id>:<due> of those confirmed after their bucket was gone
-- :stats:<day>  counted in the same moment as the seat: "<kind><hour>:<id>", kind h held, d given without a hold, c held and then
--          confirmed, b given back, x reported "can't get in"; seat:<channel>, see channels.lua; "q<hour>" seats of which no worker
--          tells when they are given: promised to one who waits (less those who came), confirmed too late, or of another store
local DEFINITION, SEATS, QUEUE, DUE = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local FILL, EVEN, RANDOM = 0, 1, 2
local EVEN_UNLIMITED = 500        -- a group without a limit is weighed as one of this size
local DEMOTED = 1e12              -- added to a suspect group's score: it is offered when no other is open
local BUCKET_SHARE, BUCKET_MAX = 3, 60 -- a bucket is a third of hold_seconds wide, a minute at most
local SWEEP_MAX = 64              -- buckets swept by one call; the next call goes on
local SUSPECT_REPORTS, SUSPECT_SECONDS = 3, 600
local CHANNELS_MAX = 2000
local FINE_GROUPS = 50            -- of the groups behind these a day has no hours
local HOUR = ARGV[#ARGV]          -- "2026-11-25 14 400"
local WAITING_KEEP_SECONDS = 30 * 86400 -- who waits is forgotten so long after joining
local MEMBERS_SECONDS = 30 * 86400 -- how long a head count is kept
local PACE_MAX, PACE_SECONDS = 10, 60 -- seats that a group gives at once, and about so long until it may again
local TIRED = 1e4                 -- more than any position; added to a tired group's score for each such seat
local CAME_SECONDS, CAME_SLOTS = 10, 180  -- seats confirmed in the last half hour are known, ten seconds at a time

local call = redis.call
local clock = call('TIME')
local now = tonumber(clock[1])
local seed = tonumber(clock[2])   -- for the dice; Redis starts every script with the same one
local strategy, hold_seconds, lanes, waits, follow, spread = FILL, 0, 1, 0, false, 1
local first_due, last_due, swept, shift
local groups = {}                 -- those this call has looked at
local ledger

local function groups_read(ids)
  local fields = {}
  for i, id in ipairs(ids) do fields[i * 3 - 2], fields[i * 3 - 1], fields[i * 3] = 'g:' .. id, 'u:' .. id, 's:' .. id end
  local row = #ids > 0 and call('HMGET', SEATS, unpack(fields))
  for i, id in ipairs(ids) do
    local plan, used, suspect = row[i * 3 - 2], row[i * 3 - 1], row[i * 3]
    if plan and not groups[id] then
      local position, limit, weight, on, expires, holds, lane =
        string.match(plan, '^(%d+) (-?%d+) (%d+) (%d) (%d+) (%d) ?(%d*)$')
      local g = {id = id, position = tonumber(position), limit = tonumber(limit), weight = tonumber(weight), on = on == '1',
                 expires = tonumber(expires), holds = holds == '1', lane = tonumber(lane) or 0, used = tonumber(used or '0'),
                 suspect = suspect and true, taken = 0, due = 0, base = 0, pace = 0}
      groups[id] = g
      if spread > 1 then ledger().pace_read(g) end
    end
  end
end

local function group_read(id)
  if not groups[id] then groups_read({id}) end
  return groups[id]
end

local function queue_of(lane)
  return lane == 0 and QUEUE or QUEUE .. ':' .. lane
end

-- Groups of a random campaign arrive as Poisson processes do, each lane on a time of its own: lanes are not taken from alike.
-- A lane's moment is that of the last arrival that was taken or passed by; the next one is as far away as if it had begun now.
local clocks = {}
local function lane_clock(lane)
  clocks[lane] = clocks[lane] or tonumber(call('HGET', SEATS, 'c:' .. lane) or '0')
  return clocks[lane]
end

local function group_room(g)
  if not g.on or (g.expires > 0 and now >= g.expires) then return 0 end
  if g.limit < 0 then return math.huge end
  return math.max(0, g.limit - g.used)
end

-- n more of a kind, in the group and this hour.
local function count_seats(kind, g, n)
  local key, hour = DEFINITION .. ':stats:' .. string.sub(HOUR, 1, 10), kind .. string.sub(HOUR, 12, 13)
  local fine = g.position < FINE_GROUPS
  if call('HINCRBY', key, fine and hour .. ':' .. g.id or hour, n) == n then ledger().stats_keep(key) end
  if not fine then call('HINCRBY', key, kind .. ':' .. g.id, n) end
end

-- What a scan seldom needs. Redis makes a script's functions anew for every call, and making these costs as much as the
-- rest of a scan: so they are made when the first of them is called.
local made
function ledger()
  if made then return made end
  local m = {}
  made = m

  -- A day's statistics have got a new field: they are kept for their time, and known to belong to the campaign.
  function m.stats_keep(key)
    call('EXPIRE', key, tonumber(string.sub(HOUR, 15)) * 86400)
    if call('HSET', SEATS, 'd:' .. string.sub(HOUR, 1, 10), 1) == 0 then return end
    for _, field in ipairs(call('HKEYS', SEATS)) do
      local day = string.sub(field, 1, 2) == 'd:' and string.sub(field, 3)
      if day and call('EXISTS', DEFINITION .. ':stats:' .. day, DEFINITION .. ':visits:' .. day) == 0 then
        call('HDEL', SEATS, field)
      end
    end
  end

  -- n seats more, counted a moment ago, of which no worker will tell; of those that it will tell of all the same, -n.
  function m.count_untold(n)
    call('HINCRBY', DEFINITION .. ':stats:' .. string.sub(HOUR, 1, 10), 'q' .. string.sub(HOUR, 12, 13), n)
  end

  function m.queue_name(g)
    return string.format('%05d:%s', g.position, g.id)
  end

  -- When the group's next visitor comes, from the moment `after` on.
  function m.arrival(g, after)
    if seed then
      math.randomseed(seed)
      seed = nil
    end
    return after - math.log(1 - math.random()) / g.weight
  end

  function m.queue_score(g, after)
    if strategy == EVEN then
      return g.used / m.queue_rate(g)
    elseif strategy == RANDOM then
      return m.arrival(g, after)
    end
    return g.position
  end

  -- From when on a group that joins a random queue arrives.
  function m.queue_moment(g)
    if lanes > 1 then return lane_clock(g.lane) end
    local head = call('ZRANGE', QUEUE, 0, 0, 'WITHSCORES')
    local score = head[2] and tonumber(head[2]) or 0
    return score < DEMOTED and score or 0
  end

  -- A group that has expired would have room again if the clock went back: the latest such expiry is remembered.
  function m.lapse(g)
    if g.expires == 0 or now < g.expires then return end
    local lapsed = tonumber(call('HGET', SEATS, 'lapsed') or '0')
    if g.expires > lapsed then call('HSET', SEATS, 'lapsed', g.expires) end
  end

  -- Word of the campaign on a channel. Its name is made here: among KEYS it would be taken for a key of the campaign's slot.
  function m.tell(channel)
    local prefix, slug = string.match(DEFINITION, '^(.*){(.*)}$')
    call('PUBLISH', prefix .. channel, slug)
  end

  -- A group has filled up, is open again, or suspect: word to those who list campaigns by what is wrong with them.
  local told
  function m.tell_groups()
    if told == DEFINITION then return end
    told = DEFINITION
    m.tell('groups')
  end

  function m.queue_leave(g)
    if call('ZREM', queue_of(g.lane), m.queue_name(g)) == 1 then m.tell_groups() end
    m.lapse(g)
  end

  function m.queue_put(g, score)
    if call('ZADD', queue_of(g.lane), string.format('%.17g', score), m.queue_name(g)) == 1 then m.tell_groups() end
  end

  -- The group stands in the queue if and only if it has room.
  function m.queue_settle(g)
    if group_room(g) == 0 then return m.queue_leave(g) end
    local score = m.queue_score(g, strategy == RANDOM and m.queue_moment(g) or 0)
    m.queue_put(g, g.suspect and score + DEMOTED or score)
  end

  -- The place that a group which stood at that score has when it has given a seat, and n since it was read or written down.
  function m.queue_next(g, n, score)
    if strategy == RANDOM then return m.arrival(g, score) end
    local share = (g.used + n) / m.queue_rate(g)
    return g.suspect and share + DEMOTED or share
  end

  -- How many of its places there are between one score and the next whole one.
  function m.queue_rate(g)
    if strategy == RANDOM then return g.weight end
    return g.limit < 0 and EVEN_UNLIMITED or g.limit
  end

  -- A group that gave a seat out of its turn moves to its next place, or leaves.
  function m.queue_step(g)
    if group_room(g) == 0 then
      m.queue_leave(g)
    elseif strategy ~= FILL then
      m.queue_settle(g)
    end
  end

  function m.bucket_split(member)
    return string.match(member, '^(.*):(%d+)$')
  end

  function m.bucket_forget(member)
    call('HDEL', SEATS, 'b:' .. member)
    call('DEL', DEFINITION .. ':hold:' .. member, DEFINITION .. ':back:' .. member, DEFINITION .. ':told:' .. member)
    call('ZREM', DUE, member)
  end

  function m.find_first_due()
    local head = call('ZRANGE', DUE, 0, 0, 'WITHSCORES')
    first_due = head[2] and tonumber(head[2])
    if first_due then call('HSET', SEATS, 'due', first_due) else call('HDEL', SEATS, 'due') end
  end

  -- The clock went back to before a bucket was made. No hold lasts longer for that than the longest one of then; and names
  -- go on as if the clock had not moved, so that none comes again, and no bucket takes holds that outlast it.
  function m.clock_back(seen)
    last_due, shift = last_due - seen + now, shift + seen - now
    for _, member in ipairs(call('ZRANGEBYSCORE', DUE, '(' .. last_due, '+inf')) do call('ZADD', DUE, last_due, member) end
    m.find_first_due()
    call('HSET', SEATS, 'seen', now, 'last', last_due, 'shift', shift)
  end

  -- The name of a bucket that is due then: ahead enough to be a new one, and while others are there no less than before.
  function m.bucket_name(due)
    local was, least = shift, math.max(0, swept + 1 - due)
    if shift < least or call('ZCARD', DUE) == 0 then shift = least end
    if shift ~= was then call('HSET', SEATS, 'shift', shift) end
    return due + shift
  end

  -- Seats of buckets that are due and were not confirmed go back to their groups.
  function m.sweep()
    for _, member in ipairs(call('ZRANGEBYSCORE', DUE, '-inf', now, 'LIMIT', 0, SWEEP_MAX)) do
      local id, due = m.bucket_split(member)
      local back = tonumber(call('HGET', SEATS, 'b:' .. member)) - call('BITCOUNT', DEFINITION .. ':hold:' .. member)
      m.bucket_forget(member)
      swept = math.max(swept, tonumber(due))
      local g = group_read(id)
      if g and back > 0 then
        call('HINCRBY', SEATS, 'h:' .. id, -back)
        g.used = tonumber(call('HINCRBY', SEATS, 'u:' .. id, -back))
        count_seats('b', g, back)
        m.queue_settle(g)
      end
    end
    call('HSET', SEATS, 'swept', swept)
    m.find_first_due()
  end

  -- The seat of a bucket that is still there goes back, once: a held one as such, a confirmed one only as long as an
  -- admin's head count has not said that it is not there.
  function m.give_back(g, due, serial)
    local bucket = g.id .. ':' .. due
    if call('SETBIT', DEFINITION .. ':back:' .. bucket, serial, 1) == 1 then return end
    if call('SETBIT', DEFINITION .. ':hold:' .. bucket, serial, 1) == 0 then
      call('HINCRBY', SEATS, 'h:' .. g.id, -1)
    elseif g.used <= tonumber(call('HGET', SEATS, 'h:' .. g.id) or '0') then
      return
    end
    g.used = tonumber(call('HINCRBY', SEATS, 'u:' .. g.id, -1))
    count_seats('b', g, 1)
    m.queue_settle(g)
  end

  -- Seats of the group were confirmed: the next head count may have been made before.
  function m.came(id, count)
    local key, slot = DEFINITION .. ':came:' .. id, math.floor(now / CAME_SECONDS)
    local field = slot % CAME_SLOTS
    local last, before = string.match(call('HGET', key, field) or '', '^(%d+) (%d+)$')
    if tonumber(last) == slot then count = count + tonumber(before) end
    call('HSET', key, field, string.format('%.0f %.0f', slot, count))
    call('EXPIRE', key, CAME_SECONDS * CAME_SLOTS)
  end

  -- How many seats the group gave lately: each counts for less as time goes by. So one that gives PACE_MAX at once and as many
  -- as it may from then on gives twice as many within PACE_SECONDS, never more. A clock that jumps either way is time that went by.
  function m.pace_read(g)
    local pace, at = string.match(call('HGET', SEATS, 'p:' .. g.id) or '', '^(%S+) (%d+)$')
    if pace then g.pace = tonumber(pace) * math.exp(-math.abs(now - tonumber(at)) / PACE_SECONDS) end
  end

  function m.pace_write(g)
    call('HSET', SEATS, 'p:' .. g.id, string.format('%.3f %.0f', g.pace, now))
  end

  -- How many seats of `left` the group gives before others are looked at again, its room aside.
  function m.pace_bite(g, left)
    return math.max(math.floor(PACE_MAX - g.pace), math.ceil(left / spread))
  end

  -- The group's last head count: how many, at which second, how many of them there was no seat for, and who counted; nil: none.
  function m.members_read(id)
    local count, at, over, source = string.match(call('HGET', SEATS, 'm:' .. id) or '', '^(%d+) (%d+) (%d+) (.*)$')
    return count and {count = tonumber(count), at = tonumber(at), over = tonumber(over), source = source}
  end

  function m.members_write(id, e)
    call('HSET', SEATS, 'm:' .. id, string.format('%.0f %.0f %.0f %s', e.count, e.at, e.over, e.source))
  end

  -- The clock went back, and a group that had expired has not: all take their places again.
  function m.unlapse()
    call('HDEL', SEATS, 'lapsed')
    for _, field in ipairs(call('HKEYS', SEATS)) do
      if string.sub(field, 1, 2) == 'g:' then m.queue_settle(group_read(string.sub(field, 3))) end
    end
  end

  return m
end

-- Opens the ledger: false if there is no such campaign, else version, uid and whether it runs now. Gives back what is due,
-- but not if it is to keep it.
local function open(keep)
  local row = call('HMGET', SEATS, 'v', 'uid', 'on', 'from', 'until', 'strat', 'hold', 'due', 'lapsed', 'swept', 'lanes', 'waits',
                   'follow', 'spread', 'seen', 'last', 'shift')
  if not row[1] then return false end
  strategy, hold_seconds, first_due = tonumber(row[6]), tonumber(row[7]), row[8] and tonumber(row[8])
  swept, last_due, shift = tonumber(row[10] or '0'), tonumber(row[16] or '0'), tonumber(row[17] or '0')
  lanes = tonumber(row[11] or '1')
  waits = tonumber(row[12] or '0')
  follow = row[13]
  spread = tonumber(row[14] or '1')
  if waits > 0 and (call('HGET', SEATS, 'wait') or '0') == '0' then waits = 0 end -- the list is closed: nobody is let in
  if row[15] and now < tonumber(row[15]) then ledger().clock_back(tonumber(row[15])) end
  if first_due and now >= first_due and not keep then ledger().sweep() end
  if row[9] and now < tonumber(row[9]) then ledger().unlapse() end
  local from, upto = tonumber(row[4]), tonumber(row[5])
  return row[1], row[2], row[3] == '1' and now >= from and (upto == 0 or now < upto)
end
