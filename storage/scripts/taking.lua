-- Taking seats: stands behind ledger.lua in the scripts that take some.
local NOBODY = {position = -1, due = 0, base = 0}
local CROWD = 32                  -- visitors who are given seats many at a time

-- "0,3,4" as a list of numbers; "" is lane 0.
local function lanes_read(text)
  if text == '' or text == '0' then return {0} end
  local list = {}
  for lane in string.gmatch(text, '%d+') do list[#list + 1] = tonumber(lane) end
  return list
end

-- count seats more of g for visitors who ask alike, with the run of each group that they were given.
local function run_add(runs, alike, g, count)
  local run = alike[g]
  if not run then
    run = {group = g, offset = g.taken, count = 0}
    alike[g], runs[#runs + 1] = run, run
  end
  run.count = run.count + count
  g.used = g.used + count
  g.taken = g.taken + count
  if spread > 1 then g.pace = g.pace + count end
end

-- Writes down what the runs took. Seats that are held go back after `hold` seconds and have serials in a bucket: those of
-- groups with a page, or all of them.
local function runs_book(runs, hold, all)
  queues_write()
  for _, run in ipairs(runs) do
    local g = run.group
    if g and g.taken > 0 then
      g.due, g.base = 0, call('HINCRBY', SEATS, 'u:' .. g.id, g.taken) - g.taken
      if g.holds or all then
        local width = math.max(1, math.min(BUCKET_MAX, math.floor(hold / BUCKET_SHARE)))
        local due = now - now % width + width + hold
        local named = due + shift > swept and (shift == 0 or first_due)
        g.due = named and due + shift or ledger().bucket_name(due)
        call('HINCRBY', SEATS, 'h:' .. g.id, g.taken)
        g.base = call('HINCRBY', SEATS, 'b:' .. g.id .. ':' .. g.due, g.taken) - g.taken
        if g.base == 0 then
          call('ZADD', DUE, due, g.id .. ':' .. g.due)
          last_due = math.max(last_due, due)
          call('HSET', SEATS, 'seen', now, 'last', last_due)
          if not first_due or due < first_due then
            first_due = due
            call('HSET', SEATS, 'due', first_due)
          end
        end
      elseif follow then
        ledger().came(g.id, g.taken)
      end
      count_seats(g.due > 0 and 'h' or 'd', g, g.taken)
      if spread > 1 then ledger().pace_write(g) end
      g.taken = 0
    end
  end
end

local function lane_fits(lane, fitting)
  for _, other in ipairs(fitting) do
    if lane == other then return true end
  end
  return false
end

-- Takes up to n seats of fitting lanes by the campaign's strategy, one after another, and adds them to runs, those of a group
-- together; `prefer`, if it has room and is of such a lane, gives the first one. Returns how many it took. runs_book is to be
-- called when all are taken.
local function take(runs, n, fitting, prefer, avoid)
  local left, alike = n, {}
  local g = prefer and group_read(prefer)
  if g and lane_fits(g.lane, fitting) and group_room(g) > 0 then
    queues_write()
    run_add(runs, alike, g, 1)
    ledger().queue_step(g)
    left = left - 1
  end
  local got = strategy ~= FILL and left or 0
  local ahead = left >= CROWD and queues().crowd()
  while left >= CROWD and got * 2 >= left do -- else little is gained by it
    got = 0
    for _, e in ipairs(ahead(fitting, avoid, left)) do
      if e.count > 0 then run_add(runs, alike, e.group, e.count) end
      got = got + e.count
    end
    left = left - got
  end
  local first, pass = queues().first, queues().pass
  while left > 0 do
    local e = first(fitting, avoid)
    if not e then break end
    local count = strategy == FILL and math.min(left, group_room(e.group)) or 1
    if spread > 1 then count = math.min(count, ledger().pace_bite(e.group, left)) end
    run_add(runs, alike, e.group, count)
    pass(e)
    left = left - count
  end
  if left > 0 then runs[#runs + 1] = {count = left} end
  return n - left
end

-- Lanes are numbered by the definition: who knows another one than the newest must read that and ask again.
local function lanes_stale(version, uid, known)
  return lanes > 1 and known ~= uid .. ':' .. version
end

-- {version, definition if the caller knows another one, seats or -1: ask again, and for each run: position (-1: nobody is
-- open for these), due, serial (of a seat that is not held: how many were used before), count}
local function answer(version, uid, known, runs, taken)
  local reply = {version, '', taken}
  if known ~= uid .. ':' .. version then reply[2] = call('GET', DEFINITION) or '' end
  for i, run in ipairs(runs) do
    local g, at = run.group or NOBODY, i * 4
    reply[at] = g.position
    reply[at + 1] = g.due
    reply[at + 2] = g.base + (run.offset or 0)
    reply[at + 3] = run.count
  end
  return reply
end
