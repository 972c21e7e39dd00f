-- needs: ledger report
-- Writes a definition and its plan, atomically with scans.
-- KEYS[5]: the channel that tells of changes.
-- ARGV: 1 the version that is replaced (0: there must be none), 2 definition, 3 uid, 4 strategy, 5 on, 6 from, 7 until,
--       8 hold seconds or 0, 9 slug, 10 a random seed, 11 a group that is no longer suspect, or "",
--       12 how many lanes, 13 how many groups, then for each: id, limit, weight, on, expires, holds, lane; then how many
--       head counts, and for each: id, confirmed.
-- Reply: as read_campaign.
local CHUNK = 1000 -- values in one call: Lua's stack is small
local FIRST, EACH = 14, 7 -- the first group's arguments, and how many each has
local was, count = tonumber(ARGV[1]), tonumber(ARGV[13])

local function pushed(command, key, values)
  for i = 1, #values, CHUNK do
    call(command, key, unpack(values, i, math.min(i + CHUNK - 1, #values)))
  end
end

-- Groups that the plan has no more: their counters, buckets and bitmaps go.
local function forget_groups(keep)
  local gone, any = {}, false
  for _, field in ipairs(call('HKEYS', SEATS)) do
    local id = string.sub(field, 1, 2) == 'g:' and string.sub(field, 3)
    if id and not keep[id] then
      gone[id], any = true, true
      call('HDEL', SEATS, 'g:' .. id, 'u:' .. id, 'h:' .. id, 'r:' .. id, 't:' .. id, 's:' .. id)
    end
  end
  if not any then return end
  for _, member in ipairs(call('ZRANGE', DUE, 0, -1)) do
    if gone[(ledger().bucket_split(member))] then ledger().bucket_forget(member) end
  end
end

local function write_plan()
  local keep, fields = {}, {}
  for i = 0, count - 1 do
    local at = FIRST + i * EACH
    keep[ARGV[at]] = true
    fields[#fields + 1] = 'g:' .. ARGV[at]
    fields[#fields + 1] = string.format('%d %s %s %s %s %s %s', i, ARGV[at + 1], ARGV[at + 2], ARGV[at + 3],
                                        ARGV[at + 4], ARGV[at + 5], ARGV[at + 6])
  end
  if was > 0 then forget_groups(keep) end
  pushed('HSET', SEATS, fields)
  call('HSET', SEATS, 'v', was + 1, 'uid', ARGV[3], 'strat', ARGV[4], 'on', ARGV[5], 'from', ARGV[6], 'until', ARGV[7],
       'hold', ARGV[8], 'lanes', ARGV[12])
  call('HDEL', SEATS, 'lapsed')
  if ARGV[11] ~= '' then call('HDEL', SEATS, 's:' .. ARGV[11], 't:' .. ARGV[11]) end
end

-- The admin counted heads: so many are confirmed, and those who hold a seat now come on top.
local function write_heads()
  local first = FIRST + count * EACH
  for i = 0, tonumber(ARGV[first]) - 1 do
    local id = ARGV[first + 1 + i * 2]
    local held = tonumber(call('HGET', SEATS, 'h:' .. id) or '0')
    call('HSET', SEATS, 'u:' .. id, tonumber(ARGV[first + 2 + i * 2]) + held)
  end
end

local function write_queue()
  for lane = 0, math.max(lanes, tonumber(ARGV[12])) - 1 do
    call('DEL', queue_of(lane))
    call('HDEL', SEATS, 'c:' .. lane)
  end
  groups, clocks, lanes = {}, {}, tonumber(ARGV[12])
  local entries = {} -- by lane
  for i = 0, count - 1 do
    local g = group_read(ARGV[FIRST + i * EACH])
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

seed = tonumber(ARGV[10])
local version = open()
if was == 0 and version then return redis.error_reply('HUOMA CONFLICT') end
if was > 0 and not version then return redis.error_reply('HUOMA NOT_FOUND') end
if was > 0 and tonumber(version) ~= was then return redis.error_reply('HUOMA CONFLICT') end
write_plan()
strategy = tonumber(ARGV[4])
write_heads()
write_queue()
call('SET', DEFINITION, ARGV[2])
call('PUBLISH', KEYS[5], ARGV[9])
return report_campaign()
