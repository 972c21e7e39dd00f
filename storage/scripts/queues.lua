-- Queues of groups with room, for scripts that take seats; stands behind ledger.lua.
--
-- While seats are taken a queue is a heap in memory, read from Redis a piece at a time and written back by queues_write: what a
-- call costs Redis grows with the groups that give seats, and not with the seats. An entry is a group's place in its queue.
local READ_MAX = 1000 -- groups that are read in one command: Lua's stack is small
local made_queues
local function queues()
  if made_queues then return made_queues end
  -- lane -> {entries, 1 to size; read: how many of the queue's members are in it; score, position: of the last of them; all: there
  -- are no others}
  local heaps, moved = {}, {}

  local function before(a, b)
    return a.score < b.score or (a.score == b.score and a.position < b.position)
  end

  -- The first entry takes its place.
  local function heap_sink(heap)
    local at, size, e = 1, heap.size, heap[1]
    while at * 2 <= size do
      local child = at * 2
      if child < size and before(heap[child + 1], heap[child]) then child = child + 1 end
      if not before(heap[child], e) then break end
      heap[at], at = heap[child], child
    end
    heap[at] = e
  end

  local function heap_add(heap, e)
    local at = heap.size + 1
    heap.size = at
    while at > 1 and before(e, heap[math.floor(at / 2)]) do
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

  -- Reads as many members again as it has, READ_MAX at most.
  local function heap_read(heap)
    local wanted, ids = math.max(1, math.min(READ_MAX, heap.read)), {}
    local rows = call('ZRANGE', queue_of(heap.lane), heap.read, heap.read + wanted - 1, 'WITHSCORES')
    for i = 1, #rows, 2 do ids[#ids + 1] = string.sub(rows[i], 7) end -- behind its position, see queue_name
    groups_read(ids)
    for i, id in ipairs(ids) do
      local g = groups[id]
      heap.score, heap.position = tonumber(rows[i * 2]), g.position
      heap_add(heap, {group = g, position = g.position, score = heap.score, heap = heap})
    end
    heap.read, heap.all = heap.read + #ids, #ids < wanted
  end

  -- The first entry whose group has room and is not to be avoided; nil: there is none.
  local function heap_first(heap, avoid)
    while true do
      local e = heap[1]
      if not heap.all and (not e or before(heap, e)) then
        heap_read(heap)
      elseif not e then
        return nil
      else
        local room = group_room(e.group)
        if room > 0 and not (avoid and avoid[e.group.id]) then return e end
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

  -- The next entry of a lane's queue that is not to be avoided, and its score; nil: none is open.
  local function head(lane, avoid)
    local heap = heaps[lane]
    if not heap then
      heap = {lane = lane, size = 0, read = 0, all = false, score = 0, position = 0}
      heaps[lane] = heap
    end
    if spread > 1 then return heap_least_tired(heap, avoid) end
    local e = heap_first(heap, avoid)
    return e, e and e.score
  end

  -- The next entry of several lanes, and its rank among them. They are compared as if they stood in one queue; of a random
  -- campaign by how long it is until they arrive.
  local function peek(fitting, avoid)
    if #fitting == 1 and (strategy ~= RANDOM or lanes == 1) then return head(fitting[1], avoid) end
    local best, least
    for _, lane in ipairs(fitting) do
      local e, score = head(lane, avoid)
      local rank = e and strategy == RANDOM and score - lane_clock(lane) or score
      if e and (not best or rank < least or (rank == least and e.position < best.position)) then
        best, least = e, rank
      end
    end
    return best, least
  end

  -- Of a random campaign the time until an arrival goes by for all lanes in which it was waited for.
  local function wait(fitting, rank)
    if strategy ~= RANDOM or lanes == 1 or rank >= DEMOTED / 2 then return end
    for _, lane in ipairs(fitting) do clocks[lane] = lane_clock(lane) + rank end
  end

  -- The next entry, which is to give a seat: `pass` says that it has.
  local function first(fitting, avoid)
    local e, rank = peek(fitting, avoid)
    if e then wait(fitting, rank) end
    return e
  end

  -- heap_first drops it if that was the last seat.
  local function pass(e)
    if e.group.used == e.group.limit then
      moved[e] = true
    elseif strategy ~= FILL then
      e.score = ledger().queue_next(e.group, 0, e.score)
      moved[e] = true
      heap_sink(e.heap)
    end
  end

  -- Of a crowd many have their turns at a time: all that come before some moment, chosen so that they are nearly as many as are
  -- wanted, and no more. A group's turns are as dense as its limit, or its weight, is great. Returns the entries that stood before
  -- it, each with the `count` of its turns: so many seats they are to give.
  local function crowd()
    -- The entry's turns before that rank, as many as its group has room for, and the one behind them.
    local function turns_find(e, rank, level)
      local score, behind, room, turns, n = e.score, e.score - rank, group_room(e.group), {}, 0
      local next = ledger().queue_next
      while score - behind < level and n < room do
        n = n + 1
        turns[n] = score
        score = next(e.group, n, score)
      end
      turns[n + 1], e.turns, e.behind, e.count = score, turns, behind, n
    end

    -- More turns were found than are wanted: those before the one that comes after as many are kept. Returns its rank.
    local function turns_cut(list, wanted)
      local all = {}
      for _, e in ipairs(list) do
        for i = 1, e.count do all[#all + 1] = e.turns[i] - e.behind end
      end
      table.sort(all)
      for _, e in ipairs(list) do
        while e.count > 0 and e.turns[e.count] - e.behind >= all[wanted + 1] do e.count = e.count - 1 end
      end
      return all[wanted + 1]
    end

    return function(fitting, avoid, wanted)
      local list, ranks, level, count = {}, {}, math.huge, 0
      local spare = strategy == RANDOM and 2 * math.sqrt(wanted) or 0 -- so much more than the mean chance may bring
      local base, rate, sum = nil, 0, 0
      while true do
        local e, rank = peek(fitting, avoid)
        if not e or rank >= level then break end
        heap_drop(e.heap)
        list[#list + 1], ranks[e], base = e, rank, base or rank
        rate = rate + ledger().queue_rate(e.group)
        sum = sum + ledger().queue_rate(e.group) * (rank - base)
        level = base + (wanted - #list - spare + sum) / rate
      end
      for _, e in ipairs(list) do
        turns_find(e, ranks[e], level)
        count = count + e.count
      end
      if count > wanted then level = turns_cut(list, wanted) end
      for _, e in ipairs(list) do
        e.score = e.turns[e.count + 1]
        if e.count > 0 then moved[e] = true end
        if e.count < group_room(e.group) then heap_add(e.heap, e) end
      end
      if count > 0 then wait(fitting, level) end
      return list
    end
  end

  local function write()
    local places = {}
    for e in pairs(moved) do
      local lane = e.heap.lane
      if group_room(e.group) == 0 then
        ledger().queue_leave(e.group)
      else
        places[lane] = places[lane] or {}
        table.insert(places[lane], string.format('%.17g', e.score))
        table.insert(places[lane], ledger().queue_name(e.group))
      end
    end
    for lane, place in pairs(places) do call('ZADD', queue_of(lane), unpack(place)) end
    for lane in pairs(heaps) do
      if clocks[lane] then call('HSET', SEATS, 'c:' .. lane, string.format('%.17g', clocks[lane])) end
    end
    heaps, moved = {}, {}
  end

  made_queues = {head = head, first = first, pass = pass, crowd = crowd, write = write}
  return made_queues
end

-- Redis has the queues as they are, and has them from now on as others change them.
local function queues_write()
  if made_queues then made_queues.write() end
end
