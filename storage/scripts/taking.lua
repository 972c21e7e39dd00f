-- Taking seats: stands behind ledger.lua in the scripts that take some.
local NOBODY = {position = -1, due = 0, base = 0}

-- While seats are taken the queues are heaps in memory, read from Redis a piece at a time and written back by queues_write: what
-- a call costs Redis grows with the groups that give seats, and not with the seats.
-- lane -> {entries, 1 to size; read: how many of the queue's members are in it; last: where the last of them stood; all: there
-- are no others}
local heaps, moved = {}, {}

local function entry_before(a, b)
  return a.score < b.score or (a.score == b.score and a.position < b.position)
end

-- The first entry takes its place.
local function heap_sink(heap)
  local at, size, e = 1, heap.size, heap[1]
  while at * 2 <= size do
    local child = at * 2
    if child < size and entry_before(heap[child + 1], heap[child]) then child = child + 1 end
    if not entry_before(heap[child], e) then break end
    heap[at], at = heap[child], child
  end
  heap[at] = e
end

local function heap_add(heap, e)
  local at = heap.size + 1
  heap.size = at
  while at > 1 and entry_before(e, heap[math.floor(at / 2)]) do
    heap[at], at = heap[math.floor(at / 2)], math.floor(at / 2)
  end
  heap[at] = e
end

local function heap_drop(heap)
  heap[1] = heap[heap.size]
  heap[heap.size] = nil
  heap.size = heap.size - 1
  if heap.size > 1 then heap_sink(heap) end
end

-- Reads as many members again as it has.
local function heap_read(heap)
  local wanted = math.max(1, heap.read)
  local rows = call('ZRANGE', queue_of(heap.lane), heap.read, heap.read + wanted - 1, 'WITHSCORES')
  for i = 1, #rows, 2 do
    local position, id = string.match(rows[i], '^(%d+):(.*)$') -- see queue_name
    local e = {position = tonumber(position), id = id, score = tonumber(rows[i + 1]), heap = heap}
    heap.last = {position = e.position, score = e.score}
    heap_add(heap, e)
  end
  heap.read, heap.all = heap.read + #rows / 2, #rows < wanted * 2
end

-- The first entry whose group has room and is not to be avoided; nil: there is none.
local function heap_first(heap, avoid)
  while true do
    local e = heap[1]
    if not heap.all and (not e or not heap.last or entry_before(heap.last, e)) then
      heap_read(heap)
    elseif not e then
      return nil
    else
      e.group = e.group or group_read(e.id)
      local room = group_room(e.group)
      if room > 0 and not (avoid and avoid[e.id]) then return e end
      if room == 0 then moved[e] = true end
      heap_drop(heap)
    end
  end
end

-- Where fast scans are spread: the least tired of the first open groups, and its score. Without haste that is the first.
local function heap_least_tired(heap, avoid)
  local aside, best, best_score = {}
  while #aside < spread do
    local e = heap_first(heap, avoid)
    if not e then break end
    local tired = e.group.pace + 1 > PACE_MAX
    local score = e.score + (tired and e.group.pace * TIRED or 0)
    if not best or score < best_score then best, best_score = e, score end
    if not tired then break end
    aside[#aside + 1] = e
    heap_drop(heap)
  end
  for _, e in ipairs(aside) do heap_add(heap, e) end
  return best, best_score
end

-- The next entry of a lane's queue, and its score; nil: none is open.
local function queue_head(lane, avoid)
  local heap = heaps[lane]
  if not heap then
    heap = {lane = lane, size = 0, read = 0}
    heaps[lane] = heap
  end
  if spread > 1 then return heap_least_tired(heap, avoid) end
  local e = heap_first(heap, avoid)
  return e, e and e.score
end

-- The next entry of several lanes. They are compared as if they stood in one queue; of a random campaign by how long it is
-- until they arrive, and that time then goes by for all of them.
local function queue_first(fitting, avoid)
  if #fitting == 1 and (strategy ~= RANDOM or lanes == 1) then return queue_head(fitting[1], avoid) end
  local best, least
  for _, lane in ipairs(fitting) do
    local e, score = queue_head(lane, avoid)
    local rank = e and strategy == RANDOM and score - lane_clock(lane) or score
    if e and (not best or rank < least or (rank == least and e.position < best.position)) then
      best, least = e, rank
    end
  end
  if best and strategy == RANDOM and least < DEMOTED / 2 then
    for _, lane in ipairs(fitting) do clocks[lane] = lane_clock(lane) + least end
  end
  return best
end

-- The entry's group has given a seat. heap_first drops it if that was the last one.
local function queue_pass(e)
  if e.group.used == e.group.limit then
    moved[e] = true
  elseif strategy ~= FILL then
    e.score = ledger().queue_next(e.group, e.score)
    moved[e] = true
    heap_sink(e.heap)
  end
end

local function queues_write()
  for e in pairs(moved) do
    if group_room(e.group) == 0 then ledger().queue_leave(e.group) else ledger().queue_put(e.group, e.score) end
  end
  for lane in pairs(heaps) do
    if clocks[lane] then call('HSET', SEATS, 'c:' .. lane, string.format('%.17g', clocks[lane])) end
  end
  heaps, moved = {}, {}
end

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
  while left > 0 do
    local e = queue_first(fitting, avoid)
    if not e then break end
    local count = strategy == FILL and math.min(left, group_room(e.group)) or 1
    if spread > 1 then count = math.min(count, ledger().pace_bite(e.group, left)) end
    run_add(runs, alike, e.group, count)
    queue_pass(e)
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
