-- Taking seats: stands behind ledger.lua in the scripts that take some.
local NOBODY = {position = -1, due = 0, base = 0}

-- The group at the head of a lane's queue that is not to be avoided, with its score; nil: none is open. Where fast scans are
-- spread, the least tired one of the first open groups: without haste, and in a campaign that spreads nothing, that is the head.
local function queue_head(lane, avoid)
  local at, queue, looked, best, best_score = 0, queue_of(lane), 0
  while true do
    local head = call('ZRANGE', queue, at, at, 'WITHSCORES')
    if not head[1] then return best, best_score end
    local g = group_read(string.sub(head[1], 7)) -- behind its position, see queue_name
    if group_room(g) == 0 then
      ledger().queue_leave(g)
    elseif avoid and avoid[g.id] then
      at = at + 1
    else
      local tired = g.pace + 1 > PACE_MAX
      local score = tonumber(head[2]) + (tired and g.pace * TIRED or 0)
      if not best or score < best_score then best, best_score = g, score end
      looked, at = looked + 1, at + 1
      if looked == spread or not tired then return best, best_score end
    end
  end
end

-- The next group of several lanes. They are compared as if they stood in one queue; of a random campaign by how long it is
-- until they arrive, and that time then goes by for all of them.
local function queue_first(fitting, avoid)
  if #fitting == 1 and (strategy ~= RANDOM or lanes == 1) then return queue_head(fitting[1], avoid) end
  local best, best_score, least
  for _, lane in ipairs(fitting) do
    local g, score = queue_head(lane, avoid)
    local rank = g and strategy == RANDOM and score - lane_clock(lane) or score
    if g and (not best or rank < least or (rank == least and g.position < best.position)) then
      best, best_score, least = g, score, rank
    end
  end
  if best and strategy == RANDOM and least < DEMOTED / 2 then
    for _, lane in ipairs(fitting) do
      clocks[lane] = lane_clock(lane) + least
      call('HSET', SEATS, 'c:' .. lane, string.format('%.17g', clocks[lane]))
    end
  end
  return best, best_score
end

-- "0,3,4" as a list of numbers; "" is lane 0.
local function lanes_read(text)
  if text == '' or text == '0' then return {0} end
  local list = {}
  for lane in string.gmatch(text, '%d+') do list[#list + 1] = tonumber(lane) end
  return list
end

-- count seats more of g, at the head of its queue with that score, into the runs; g moves to its next place, or leaves.
local function run_add(runs, g, count, score)
  local last = runs[#runs]
  if last and last.group == g then
    last.count = last.count + count
  else
    runs[#runs + 1] = {group = g, offset = g.taken, count = count}
  end
  g.used = g.used + count
  g.taken = g.taken + count
  if spread > 1 then g.pace = g.pace + count end
  if strategy ~= FILL or g.used == g.limit then ledger().queue_step(g, score) end
end

-- Writes down what the runs took. Seats that are held go back after `hold` seconds and have serials in a bucket: those of
-- groups with a page, or all of them.
local function runs_book(runs, hold, all)
  for _, run in ipairs(runs) do
    local g = run.group
    if g and g.taken > 0 then
      g.due, g.base = 0, call('HINCRBY', SEATS, 'u:' .. g.id, g.taken) - g.taken
      if g.holds or all then
        local width = math.max(1, math.min(BUCKET_MAX, math.floor(hold / BUCKET_SHARE)))
        g.due = math.max(now - now % width + width + hold, swept + 1)
        call('HINCRBY', SEATS, 'h:' .. g.id, g.taken)
        g.base = call('HINCRBY', SEATS, 'b:' .. g.id .. ':' .. g.due, g.taken) - g.taken
        if g.base == 0 then
          call('ZADD', DUE, g.due, g.id .. ':' .. g.due)
          if not first_due or g.due < first_due then
            first_due = g.due
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

-- Takes up to n seats of fitting lanes by the campaign's strategy, and adds them to runs; `prefer`, if it has room and is of
-- such a lane, gives the first one. Returns how many it took. runs_book is to be called when all are taken.
local function take(runs, n, fitting, prefer, avoid)
  local left = n
  local g = prefer and group_read(prefer)
  if g and lane_fits(g.lane, fitting) and group_room(g) > 0 then
    run_add(runs, g, 1)
    left = left - 1
  end
  while left > 0 do
    local score
    g, score = queue_first(fitting, avoid)
    if not g then break end
    local count = strategy == FILL and math.min(left, group_room(g)) or 1
    if spread > 1 then count = math.min(count, ledger().pace_bite(g, left)) end
    run_add(runs, g, count, score)
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
