-- Those who wait for a seat; stands behind taking.lua in the scripts that take some.
--
-- Nobody overtakes: a script that takes seats first lets in those who wait, in their order, as far as there is room for them. To be
-- let in is to be promised a seat: it is held like any other, in a bucket that goes back when the promise ends. Who comes too
-- late for it stands where they stood before, as soon as they are seen again; who is away is not promised another one.
--
-- DEFINITION:waiting      hash: id -> "number joined state line group due serial channel name"; see entry_read
--           :waited       all ids by their number: the order in which they came
--           :lines        hash: line -> how many wait in it
--           :line:<line>  ids of those who wait, by number. A line is "lsig:lanes": visitors for whom the same groups are.
--                         A line of an older lsig stands for lane 0 until its visitors are seen again.
local WAITING, WAITED, LINES      -- known when waiting() has been called
local LET_IN_MAX = 200            -- seats promised by one call; until the rest is, nobody else gets any

local made_waiting
local function waiting()
  if made_waiting then return made_waiting end
  local m = {promise_seconds = tonumber(call('HGET', SEATS, 'wait') or '0')}
  made_waiting = m
  WAITING, WAITED, LINES = DEFINITION .. ':waiting', DEFINITION .. ':waited', DEFINITION .. ':lines'

  -- state: w waits, p promised, i in
  function m.entry_read(id)
    local row = call('HGET', WAITING, id)
    if not row then return nil end
    local number, joined, state, line, group, due, serial, channel, name =
      string.match(row, '^(%d+) (%d+) (%a) (%S+) (%S+) (%d+) (%d+) (%S+) (.*)$')
    return {id = id, number = tonumber(number), joined = tonumber(joined), state = state, line = line, group = group,
            due = tonumber(due), serial = tonumber(serial), channel = channel, name = name}
  end

  function m.entry_write(e)
    call('HSET', WAITING, e.id, string.format('%.0f %.0f %s %s %s %.0f %.0f %s %s', e.number, e.joined, e.state, e.line, e.group,
                                              e.due, e.serial, e.channel, e.name))
  end

  function m.bucket_of(e)
    return e.group .. ':' .. string.format('%.0f', e.due)
  end

  -- The promise has ended: all seats of its bucket have gone back.
  function m.has_missed(e)
    return e.state == 'p' and group_read(e.group) and call('HEXISTS', SEATS, 'b:' .. m.bucket_of(e)) == 0
  end

  local lsig = call('HGET', SEATS, 'lsig') or '0'

  function m.line_name(lanes_text)
    return lsig .. ':' .. (lanes_text == '' and '0' or lanes_text)
  end

  local function line_lanes(line)
    local sig, lanes_text = string.match(line, '^(.*):(.*)$')
    return lanes_read(sig == lsig and lanes_text or '')
  end

  function m.line_put(e)
    call('ZADD', DEFINITION .. ':line:' .. e.line, e.number, e.id)
    call('HINCRBY', LINES, e.line, 1)
    waits = tonumber(call('HINCRBY', SEATS, 'waits', 1))
  end

  function m.line_leave(line, id)
    if call('ZREM', DEFINITION .. ':line:' .. line, id) == 0 then return end
    if call('HINCRBY', LINES, line, -1) <= 0 then call('HDEL', LINES, line) end
    waits = tonumber(call('HINCRBY', SEATS, 'waits', -1))
  end

  -- Where they stood before; their seat is not theirs any more.
  function m.wait_again(e)
    e.state, e.group, e.due, e.serial = 'w', '-', 0, 0
    m.line_put(e)
    m.entry_write(e)
  end

  -- How many wait before that number.
  function m.before(number)
    local count = 0
    for _, line in ipairs(call('HKEYS', LINES)) do
      count = count + call('ZCOUNT', DEFINITION .. ':line:' .. line, '-inf', '(' .. string.format('%.0f', number))
    end
    return count
  end

  local function any_open(fitting)
    for _, lane in ipairs(fitting) do
      if queues().head(lane) then return true end
    end
    return false
  end

  -- The lines, and how many stand in all of them: what is kept of visitors goes by itself in time (see wait.lua), and their
  -- count then is not that of before.
  local function heads_read()
    local heads, all, sum = {}, call('HGETALL', LINES), 0
    for i = 1, #all, 2 do
      heads[#heads + 1] = {line = all[i], lanes = line_lanes(all[i])}
      sum = sum + tonumber(all[i + 1])
    end
    if sum ~= waits then call('HSET', SEATS, 'waits', sum) end
    waits = sum
    return heads
  end

  -- The first of all who wait and for whom a group is open; nil: there is none.
  local function first_of(heads)
    local first
    for _, head in ipairs(heads) do
      if not head.id then
        local row = call('ZRANGE', DEFINITION .. ':line:' .. head.line, 0, 0, 'WITHSCORES')
        head.id, head.number = row[1] or '', tonumber(row[2] or 'inf')
      end
      if head.id ~= '' and (not first or head.number < first.number) and any_open(head.lanes) then first = head end
    end
    return first
  end

  local function promise(e, first)
    local runs, g = {}, first.group
    run_add(runs, {}, g, 1)
    queues().pass(first)
    runs_book(runs, m.promise_seconds, true)
    ledger().count_untold(1)
    e.state, e.group, e.due, e.serial = 'p', g.id, g.due, g.base
    m.entry_write(e)
  end

  -- false: there are more to be let in than one call may.
  function m.let_in()
    queues_write() -- what was read of them may be of before a seat went back
    if m.promise_seconds == 0 then return true end
    local heads = heads_read()
    for _ = 1, LET_IN_MAX do
      local head = first_of(heads)
      if not head then return true end
      local e = m.entry_read(head.id)
      m.line_leave(head.line, head.id)
      head.id = nil
      if e then promise(e, queues().first(head.lanes)) end
    end
    return first_of(heads) == nil
  end

  return m
end
