-- The seat ledger's common part; it stands in front of each script that takes, confirms, gives back or plans seats.
--
-- KEYS: 1 the definition, 2 its `:seats` hash, 3 its `:queue`, 4 its `:due`. Keys of holds, of given-back seats and of
-- statistics are made from KEYS[1]; the hash tag keeps all of them in one slot.
--
-- :seats   v, uid          version of the definition, and which campaign it is
--          on from until   whether it runs, and when
--          strat hold      0 fill, 1 even, 2 random; seconds that a hold lasts
--          due             the earliest bucket's due second (the head of :due)
--          lapsed          the latest expiry of a group that left the queue because it had expired
--          g:<id>          "position limit weight enabled expires holds"
--          u:<id>          used: seats taken and not given back
--          b:<id>:<due>    serials issued in a bucket of holds
--          r:<id> t:<id> s:<id>   reports, times of the last ones, suspect since
--          d:<day>         there is a :stats:<day>
-- :queue   groups with room, the next one first. What "next" means is the score: fill the position, even the share that
--          is used, random the group's next arrival in a Poisson process of its weight (so that the first arrival is
--          each group's in proportion to its weight, and a group that comes or goes changes nothing for the others).
--          A scan looks at the head only: what it costs does not grow with the groups that are full.
-- :due     buckets "<id>:<due>" by the second at which their unconfirmed seats go back.
-- :hold:<id>:<due>  bitmap of serials that are confirmed or given back one by one; :back:<id>:<due> of the latter.
local DEFINITION, SEATS, QUEUE, DUE = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local FILL, EVEN, RANDOM = 0, 1, 2
local EVEN_UNLIMITED = 500        -- a group without a limit is weighed as one of this size
local DEMOTED = 1e12              -- added to a suspect group's score: it is offered when no other is open
local BUCKET_SHARE, BUCKET_MAX = 3, 60 -- a bucket is a third of hold_seconds wide, a minute at most
local SWEEP_MAX = 64              -- buckets swept by one call; the next call goes on
local SUSPECT_REPORTS, SUSPECT_SECONDS = 3, 600
local STATS_SECONDS, CHANNELS_MAX = 400 * 86400, 2000

local call = redis.call
local clock = call('TIME')
local now = tonumber(clock[1])
math.randomseed(tonumber(clock[2])) -- Redis starts every script with the same seed
local strategy, hold_seconds = FILL, 0
local first_due
local groups = {}                 -- those this call has looked at

local function group_read(id)
  local g = groups[id]
  if g then return g end
  local row = call('HMGET', SEATS, 'g:' .. id, 'u:' .. id, 's:' .. id)
  if not row[1] then return nil end
  local position, limit, weight, on, expires, holds = string.match(row[1], '^(%d+) (-?%d+) (%d+) (%d) (%d+) (%d)$')
  g = {id = id, position = tonumber(position), limit = tonumber(limit), weight = tonumber(weight), on = on == '1',
       expires = tonumber(expires), holds = holds == '1', used = tonumber(row[2] or '0'), suspect = row[3] and true, taken = 0}
  groups[id] = g
  return g
end

local function group_room(g)
  if not g.on or (g.expires > 0 and now >= g.expires) then return 0 end
  if g.limit < 0 then return math.huge end
  return math.max(0, g.limit - g.used)
end

local function queue_name(g)
  return string.format('%05d:%s', g.position, g.id)
end

local function queue_id(name)
  return string.sub(name, 7)
end

-- When the group's next visitor comes, from the moment `after` on.
local function arrival(g, after)
  return after - math.log(1 - math.random()) / g.weight
end

local function queue_score(g, after)
  if strategy == EVEN then
    return g.used / (g.limit < 0 and EVEN_UNLIMITED or g.limit)
  elseif strategy == RANDOM then
    return arrival(g, after)
  end
  return g.position
end

local function queue_head_score()
  local head = call('ZRANGE', QUEUE, 0, 0, 'WITHSCORES')
  local score = head[2] and tonumber(head[2]) or 0
  return score < DEMOTED and score or 0
end

-- A group that has expired would have room again if the clock went back: the latest such expiry is remembered.
local function lapse(g)
  if g.expires == 0 or now < g.expires then return end
  local lapsed = tonumber(call('HGET', SEATS, 'lapsed') or '0')
  if g.expires > lapsed then call('HSET', SEATS, 'lapsed', g.expires) end
end

local function queue_leave(g)
  call('ZREM', QUEUE, queue_name(g))
  lapse(g)
end

-- The group stands in the queue if and only if it has room.
local function queue_settle(g)
  if group_room(g) == 0 then
    queue_leave(g)
    return
  end
  local score = queue_score(g, strategy == RANDOM and queue_head_score() or 0)
  if g.suspect then score = score + DEMOTED end
  call('ZADD', QUEUE, string.format('%.17g', score), queue_name(g))
end

local function count_held(id, due)
  local issued = tonumber(call('HGET', SEATS, 'b:' .. id .. ':' .. due) or '0')
  return issued - call('BITCOUNT', DEFINITION .. ':hold:' .. id .. ':' .. due)
end

local function bucket_forget(member)
  call('HDEL', SEATS, 'b:' .. member)
  call('DEL', DEFINITION .. ':hold:' .. member, DEFINITION .. ':back:' .. member)
  call('ZREM', DUE, member)
end

local function bucket_split(member)
  return string.match(member, '^(.*):(%d+)$')
end

-- Seats of buckets that are due and were not confirmed go back to their groups.
local function sweep()
  if not first_due or now < first_due then return end
  for _, member in ipairs(call('ZRANGEBYSCORE', DUE, '-inf', now, 'LIMIT', 0, SWEEP_MAX)) do
    local id, due = bucket_split(member)
    local back = count_held(id, due)
    bucket_forget(member)
    local g = group_read(id)
    if g and back > 0 then
      g.used = tonumber(call('HINCRBY', SEATS, 'u:' .. id, -back))
      queue_settle(g)
    end
  end
  local head = call('ZRANGE', DUE, 0, 0, 'WITHSCORES')
  first_due = head[2] and tonumber(head[2])
  if first_due then call('HSET', SEATS, 'due', first_due) else call('HDEL', SEATS, 'due') end
end

-- The clock went back, and a group that had expired has not: all take their places again.
local function unlapse(lapsed)
  if not lapsed or now >= tonumber(lapsed) then return end
  call('HDEL', SEATS, 'lapsed')
  for _, field in ipairs(call('HKEYS', SEATS)) do
    if string.sub(field, 1, 2) == 'g:' then queue_settle(group_read(string.sub(field, 3))) end
  end
end

-- Opens the ledger: false if there is no such campaign, else version, uid and whether it runs now. Sweeps.
local function open()
  local row = call('HMGET', SEATS, 'v', 'uid', 'on', 'from', 'until', 'strat', 'hold', 'due', 'lapsed')
  if not row[1] then return false end
  strategy, hold_seconds, first_due = tonumber(row[6]), tonumber(row[7]), row[8] and tonumber(row[8])
  sweep()
  unlapse(row[9])
  local from, upto = tonumber(row[4]), tonumber(row[5])
  return row[1], row[2], row[3] == '1' and now >= from and (upto == 0 or now < upto)
end

-- The group at the head of the queue that is not to be avoided, with its score; nil: none is open.
local function queue_first(avoid)
  local at = 0
  while true do
    local head = call('ZRANGE', QUEUE, at, at, 'WITHSCORES')
    if not head[1] then return nil end
    local g = group_read(queue_id(head[1]))
    if group_room(g) == 0 then
      queue_leave(g)
    elseif avoid and avoid[g.id] then
      at = at + 1
    else
      return g, tonumber(head[2])
    end
  end
end

local function run_add(runs, g, count)
  local last = runs[#runs]
  if last and last.group == g then
    last.count = last.count + count
  else
    runs[#runs + 1] = {group = g, offset = g.taken, count = count}
  end
  g.used = g.used + count
  g.taken = g.taken + count
end

-- A group that gave seats moves to its next place in the queue, or leaves it.
local function queue_step(g, score)
  if group_room(g) == 0 then
    queue_leave(g)
  elseif strategy == RANDOM and score then
    call('ZADD', QUEUE, string.format('%.17g', arrival(g, score)), queue_name(g))
  elseif strategy ~= FILL then
    queue_settle(g)
  end
end

-- Writes down what the runs took, and gives held seats their bucket and serials.
local function runs_book(runs)
  local width = math.max(1, math.min(BUCKET_MAX, math.floor(hold_seconds / BUCKET_SHARE)))
  local due = now - now % width + width + hold_seconds
  for _, run in ipairs(runs) do
    local g = run.group
    if g.taken > 0 then
      call('HINCRBY', SEATS, 'u:' .. g.id, g.taken)
      if g.holds then
        local issued = call('HINCRBY', SEATS, 'b:' .. g.id .. ':' .. due, g.taken)
        g.due, g.base = due, issued - g.taken
        if g.base == 0 then
          call('ZADD', DUE, due, g.id .. ':' .. due)
          if not first_due or due < first_due then
            first_due = due
            call('HSET', SEATS, 'due', due)
          end
        end
      end
      g.taken = 0
    end
  end
end

-- Takes up to n seats by the campaign's strategy; `prefer`, if it has room, gives the first one. Returns runs and their sum.
local function take(n, prefer, avoid)
  local runs, left = {}, n
  local g = prefer and group_read(prefer)
  if g and group_room(g) > 0 then
    run_add(runs, g, 1)
    queue_step(g)
    left = left - 1
  end
  while left > 0 do
    local score
    g, score = queue_first(avoid)
    if not g then break end
    local count = strategy == FILL and math.min(left, group_room(g)) or 1
    run_add(runs, g, count)
    queue_step(g, score)
    left = left - count
  end
  runs_book(runs)
  return runs, n - left
end

-- {version, definition if the caller knows another one, seats, and for each run: position, due, serial, count}
local function answer(version, uid, known, runs, taken)
  local reply = {version, '', taken}
  if known ~= uid .. ':' .. version then reply[2] = call('GET', DEFINITION) or '' end
  for _, run in ipairs(runs) do
    local g = run.group
    reply[#reply + 1] = g.position
    reply[#reply + 1] = g.due or 0
    reply[#reply + 1] = g.due and g.base + run.offset or 0
    reply[#reply + 1] = run.count
  end
  return reply
end

-- {definition, and for each group by position: used, held, reports, suspect}
local function report_campaign()
  local held, rows = {}, {}
  for _, member in ipairs(call('ZRANGE', DUE, 0, -1)) do
    local id, due = bucket_split(member)
    held[id] = (held[id] or 0) + count_held(id, due)
  end
  local all, fields = call('HGETALL', SEATS), {}
  for i = 1, #all, 2 do fields[all[i]] = all[i + 1] end
  for field, value in pairs(fields) do
    if string.sub(field, 1, 2) == 'g:' then
      rows[tonumber(string.match(value, '^%d+')) + 1] = string.sub(field, 3)
    end
  end
  local reply = {call('GET', DEFINITION)}
  for _, id in ipairs(rows) do
    reply[#reply + 1] = tonumber(fields['u:' .. id] or '0')
    reply[#reply + 1] = held[id] or 0
    reply[#reply + 1] = tonumber(fields['r:' .. id] or '0')
    reply[#reply + 1] = fields['s:' .. id] and 1 or 0
  end
  return reply
end
