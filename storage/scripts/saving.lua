-- Writing a definition and its plan: stands behind ledger.lua and report.lua in the scripts that write some.
--
-- A record is what ARGV has of one campaign, from `at` on: 0 the version that is replaced (0: there must be none),
-- 1 definition, 2 uid, 3 strategy, 4 on, 5 from, 6 until, 7 hold seconds or 0, 8 slug, 9 a group that is no longer suspect,
-- or "", 10 how many lanes, 11 what they mean, 12 seconds of a promise to those who wait (0: there is no waiting list),
-- 13 whether its seats follow the head counts, 14 over how many groups fast scans go, 15 how many groups, then for each: id, limit, weight, on, expires, holds, lane.
local CHUNK = 1000 -- values in one call: Lua's stack is small
local GROUPS, FIRST, EACH = 15, 16, 7 -- how many groups; the first one's arguments, and how many each has

local function pushed(command, key, values)
  for i = 1, #values, CHUNK do
    call(command, key, unpack(values, i, math.min(i + CHUNK - 1, #values)))
  end
end

-- Where the arguments behind a record's groups begin.
local function record_end(at)
  return at + FIRST + tonumber(ARGV[at + GROUPS]) * EACH
end

-- The script's i-th campaign, from 0 on, is the one that the ledger's functions work on.
local function campaign_switch(i)
  DEFINITION, SEATS, QUEUE, DUE = KEYS[i * 4 + 1], KEYS[i * 4 + 2], KEYS[i * 4 + 3], KEYS[i * 4 + 4]
  strategy, hold_seconds, lanes, waits, follow, spread = FILL, 0, 1, 0, false, 1
  first_due, last_due, swept, shift = nil, nil, nil, nil
  groups, clocks = {}, {}
end

-- Groups that the plan has no more: their counters, buckets and bitmaps go.
local function forget_groups(keep)
  local gone, any = {}, false
  for _, field in ipairs(call('HKEYS', SEATS)) do
    local id = string.sub(field, 1, 2) == 'g:' and string.sub(field, 3)
    if id and not keep[id] then
      gone[id], any = true, true
      call('HDEL', SEATS, 'g:' .. id, 'u:' .. id, 'h:' .. id, 'r:' .. id, 't:' .. id, 's:' .. id, 'm:' .. id, 'p:' .. id)
      call('DEL', DEFINITION .. ':came:' .. id, DEFINITION .. ':members:' .. id)
    end
  end
  if not any then return end
  for _, member in ipairs(call('ZRANGE', DUE, 0, -1)) do
    if gone[(ledger().bucket_split(member))] then ledger().bucket_forget(member) end
  end
  ledger().find_first_due()
end

local function write_plan(at)
  local was, keep, fields = tonumber(ARGV[at]), {}, {}
  for i = 0, tonumber(ARGV[at + GROUPS]) - 1 do
    local g = at + FIRST + i * EACH
    keep[ARGV[g]] = true
    fields[#fields + 1] = 'g:' .. ARGV[g]
    fields[#fields + 1] = string.format('%d %s %s %s %s %s %s', i, ARGV[g + 1], ARGV[g + 2], ARGV[g + 3], ARGV[g + 4],
                                        ARGV[g + 5], ARGV[g + 6])
  end
  if was > 0 then forget_groups(keep) end
  pushed('HSET', SEATS, fields)
  call('HSET', SEATS, 'v', was + 1, 'uid', ARGV[at + 2], 'strat', ARGV[at + 3], 'on', ARGV[at + 4], 'from', ARGV[at + 5],
       'until', ARGV[at + 6], 'hold', ARGV[at + 7], 'lanes', ARGV[at + 10],
       'lsig', string.sub(redis.sha1hex(ARGV[at + 11]), 1, 8), 'wait', ARGV[at + 12],
       'spread', ARGV[at + 14])
  if ARGV[at + 13] == '1' then call('HSETNX', SEATS, 'follow', now) else call('HDEL', SEATS, 'follow') end
  call('HDEL', SEATS, 'lapsed')
  if ARGV[at + 9] ~= '' then call('HDEL', SEATS, 's:' .. ARGV[at + 9], 't:' .. ARGV[at + 9]) end
end

-- To be called when all counters are there.
local function write_queue(at)
  for lane = 0, math.max(lanes, tonumber(ARGV[at + 10])) - 1 do
    call('DEL', queue_of(lane))
    call('HDEL', SEATS, 'c:' .. lane)
  end
  groups, clocks, lanes, strategy = {}, {}, tonumber(ARGV[at + 10]), tonumber(ARGV[at + 3])
  local entries = {} -- by lane
  for i = 0, tonumber(ARGV[at + GROUPS]) - 1 do
    local g = group_read(ARGV[at + FIRST + i * EACH])
    if group_room(g) > 0 then
      local own = entries[g.lane] or {}
      entries[g.lane] = own
      own[#own + 1] = string.format('%.17g', ledger().queue_score(g, 0) + (g.suspect and DEMOTED or 0))
      own[#own + 1] = ledger().queue_name(g)
    else
      ledger().lapse(g)
    end
  end
  for lane, own in pairs(entries) do pushed('ZADD', queue_of(lane), own) end
end

-- Behind all else: the definition, and word of it to every worker. Returns the report.
local function write_definition(at)
  call('SET', DEFINITION, ARGV[at + 1])
  ledger().tell('changed')
  return report_campaign()
end
