-- Adds what a worker counted of visits to the statistics of a day, once: what is sent again because its answer was lost is known by
-- its number.
-- KEYS: 1 the campaign's :seats hash, 2 its :visits:<day>, 3 its :flushed: for each worker and hour "number second".
-- ARGV: 1 uid of the campaign ("": the keys are those of all campaigns together), 2 the day, 3 worker and hour, 4 number (rising),
--       5 seconds that the day is kept, 6 hour, 7 scans that did not fit into the worker's memory, then for each kind of visit: the
--       fields of its group, channel, device and language ("": not counted), and KINDS counts.
-- Reply: 1, 0 if it was counted before, -1 if there is no such campaign any more.
--
-- A field is one letter (h hour, g group, c channel, d device, l language) and a name; its value the counts, blanks between.
local call = redis.call
local SEATS, VISITS, FLUSHED = KEYS[1], KEYS[2], KEYS[3]
local KINDS, FIRST, FIELDS = 8, 8, 4
local FLUSHED_SECONDS = 7200 -- a worker that has had no answer for so long sends no more
local FLUSHED_MAX = 256      -- from here on old entries are looked for
local MOST = {c = 2000, l = 100} -- names in a day: strangers make them up, and they must not fill the memory

local now = tonumber(call('TIME')[1])
if ARGV[1] ~= '' and call('HGET', SEATS, 'uid') ~= ARGV[1] then return -1 end
local last = string.match(call('HGET', FLUSHED, ARGV[3]) or '', '^%d+')
if last and tonumber(last) >= tonumber(ARGV[4]) then return 0 end

local sums = {}
local function sum(field, at)
  local s = sums[field] or {0, 0, 0, 0, 0, 0, 0, 0}
  sums[field] = s
  for k = 1, KINDS do s[k] = s[k] + tonumber(ARGV[at + k]) end
end

for at = FIRST, #ARGV, FIELDS + KINDS do
  sum('h' .. ARGV[6], at + FIELDS - 1)
  for i = at, at + FIELDS - 1 do
    if ARGV[i] ~= '' then sum(ARGV[i], at + FIELDS - 1) end
  end
end

local function add(field, s)
  local was = call('HGET', VISITS, field)
  local kind = string.sub(field, 1, 1)
  if not was and MOST[kind] and field ~= kind .. '~other' and call('HINCRBY', VISITS, '#' .. kind, 1) > MOST[kind] then
    call('HINCRBY', VISITS, '#' .. kind, -1)
    return add(kind .. '~other', s)
  end
  local k = 0
  for n in string.gmatch(was or '', '%d+') do
    k = k + 1
    s[k] = s[k] + tonumber(n)
  end
  for i = 1, KINDS do s[i] = string.format('%.0f', s[i]) end
  call('HSET', VISITS, field, table.concat(s, ' '))
end

for field, s in pairs(sums) do add(field, s) end
if ARGV[7] ~= '0' then call('HINCRBY', VISITS, '#dropped', ARGV[7]) end
call('EXPIRE', VISITS, ARGV[5])
if ARGV[1] ~= '' then call('HSET', SEATS, 'd:' .. ARGV[2], 1) end
if call('HSET', FLUSHED, ARGV[3], ARGV[4] .. ' ' .. now) == 1 and call('HLEN', FLUSHED) > FLUSHED_MAX then
  local all = call('HGETALL', FLUSHED)
  for i = 1, #all, 2 do
    if now - tonumber(string.match(all[i + 1], '%d+$')) > FLUSHED_SECONDS then call('HDEL', FLUSHED, all[i]) end
  end
end
call('EXPIRE', FLUSHED, FLUSHED_SECONDS)
return 1
