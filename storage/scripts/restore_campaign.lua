-- needs: audit ledger report saving
-- Makes a campaign out of what dump_campaign.lua gave of it, at its version; there must be none of its slug.
-- KEYS: four of the campaign, see ledger.lua; then the audit log.
-- ARGV: 1 a random seed, then the record, see saving.lua; swept; for each group of the record: used, held, reports, their
--       times, suspect since or "", the last head count or "", those of before; how many buckets, and for each: group, name,
--       due, issued, confirmed, given back, told; how many days, and for each: day, the second at which it is forgotten, a
--       JSON list of name, count, name, count ...; how many entries of the waiting list, and for each: id, number, state,
--       line, what waiting.lua keeps of it; then the entry of the audit log.
-- Reply: as save_campaigns.
local RECORD = 2
if call('HGET', SEATS, 'v') then return redis.error_reply('HUOMA CONFLICT') end
seed = tonumber(ARGV[1])

-- What could fail comes before the first write.
local at = record_end(RECORD)
local counters, due_least, due_most, ahead, due_entries, bitmaps, days = {'swept', ARGV[at]}, nil, 0, 0, {}, {}, {}
local counted = {}
at = at + 1
for i = 0, tonumber(ARGV[RECORD + GROUPS]) - 1 do
  local id = ARGV[RECORD + FIRST + i * EACH]
  for n, field in ipairs({'u:', 'h:', 'r:', 't:', 's:', 'm:'}) do
    if ARGV[at + n - 1] ~= '' then
      counters[#counters + 1] = field .. id
      counters[#counters + 1] = ARGV[at + n - 1]
    end
  end
  if ARGV[at + 6] ~= '' then counted[#counted + 1] = {id = id, points = ARGV[at + 6]} end
  at = at + 7
end
for _ = 1, tonumber(ARGV[at]) do
  local member, due = ARGV[at + 1] .. ':' .. ARGV[at + 2], tonumber(ARGV[at + 3])
  counters[#counters + 1] = 'b:' .. member
  counters[#counters + 1] = ARGV[at + 4]
  due_least, due_most = math.min(due_least or due, due), math.max(due_most, due)
  ahead = math.max(ahead, tonumber(ARGV[at + 2]) - due)
  due_entries[#due_entries + 1] = ARGV[at + 3]
  due_entries[#due_entries + 1] = member
  for n, bitmap in ipairs({':hold:', ':back:', ':told:'}) do bitmaps[DEFINITION .. bitmap .. member] = ARGV[at + 4 + n] end
  at = at + 7
end
at = at + 1
for i = 1, tonumber(ARGV[at]) do
  days[i] = {name = ARGV[at + 1], ends = ARGV[at + 2], counts = cjson.decode(ARGV[at + 3])}
  at = at + 3
end
at = at + 1
local entries = {}
for i = 1, tonumber(ARGV[at]) do
  entries[i] = {id = ARGV[at + 1], number = ARGV[at + 2], waits = ARGV[at + 3] == 'w', line = ARGV[at + 4], row = ARGV[at + 5]}
  at = at + 5
end
at = at + 1

-- Those who waited stand where they stood.
local function write_entries()
  local waits, last, keys = 0, 0, {}
  local waiting, waited, lines = DEFINITION .. ':waiting', DEFINITION .. ':waited', DEFINITION .. ':lines'
  for _, e in ipairs(entries) do
    local line = DEFINITION .. ':line:' .. e.line
    call('HSET', waiting, e.id, e.row)
    call('ZADD', waited, e.number, e.id)
    last = math.max(last, tonumber(e.number))
    if e.waits then
      call('ZADD', line, e.number, e.id)
      call('HINCRBY', lines, e.line, 1)
      waits, keys[line] = waits + 1, true
    end
  end
  if last == 0 then return end
  call('HSET', SEATS, 'waits', waits, 'line', string.format('%.0f', last))
  for _, key in ipairs({waiting, waited, lines}) do call('EXPIRE', key, WAITING_KEEP_SECONDS) end
  for key in pairs(keys) do call('EXPIRE', key, WAITING_KEEP_SECONDS) end
end

-- One an hour, as set_members.lua has them.
for _, of in ipairs(counted) do
  local key = DEFINITION .. ':members:' .. of.id
  call('DEL', key)
  for moment, rest in string.gmatch(of.points, '(%d+) (%d+ %d+)') do
    call('ZADD', key, math.floor(tonumber(moment) / 3600), moment .. ' ' .. rest)
  end
  call('EXPIRE', key, MEMBERS_SECONDS)
end
-- What workers told of these seats stays in the store that they come from.
local function count_all_untold(key, counts)
  for i = 1, #counts, 2 do
    local hour = string.match(counts[i], '^[hd](%d%d)')
    if hour then call('HINCRBY', key, 'q' .. hour, counts[i + 1]) end
  end
end

for _, day in ipairs(days) do
  local key = DEFINITION .. ':stats:' .. day.name
  call('DEL', key)
  pushed('HSET', key, day.counts)
  count_all_untold(key, day.counts)
  call('EXPIREAT', key, day.ends)
  counters[#counters + 1] = 'd:' .. day.name
  counters[#counters + 1] = '1'
end
for key, bits in pairs(bitmaps) do
  if bits == '' then call('DEL', key) else call('SET', key, bits) end
end
call('DEL', SEATS, DUE)
write_plan(RECORD)
pushed('HSET', SEATS, counters)
pushed('ZADD', DUE, due_entries)
if due_least then
  call('HSET', SEATS, 'due', string.format('%.0f', due_least), 'seen', now, 'last', string.format('%.0f', due_most),
       'shift', string.format('%.0f', ahead))
end
write_entries()
write_queue(RECORD)
local reply = {write_definition(RECORD)}
audit(KEYS[5], at)
return reply
