-- needs: audit ledger report
-- A head count of a group comes in. KEYS[5]: the audit log.
-- ARGV: 1 group, 2 how many, 3 the second at which they were counted (0: now), 4 who counted, then the entry of the audit log, then HOUR;
--       its before and after are made here. It is told when the number is another one, or seats have followed.
-- Reply: {DONE, moment, what read_campaign answers}; or, and then nothing was changed, {why not, the moment in question}; nil if
--        there is no such campaign.
--
-- If seats follow: whoever has confirmed a seat since the count is not in it yet, and whoever holds one is not either. Both
-- come on top of the number, so a count that is made while people come in frees none of their seats.
local DONE, NO_GROUP, OLDER, TOO_OLD, FUTURE = 0, 1, 2, 3, 4
local AHEAD_SECONDS = 60          -- so far a counter's clock may be ahead
local id, members, at = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

-- Confirmed from the slot of that moment on.
local function came_since(moment)
  local count, from, all = 0, math.floor(moment / CAME_SECONDS), call('HVALS', DEFINITION .. ':came:' .. id)
  for _, row in ipairs(all) do
    local slot, n = string.match(row, '^(%d+) (%d+)$')
    if tonumber(slot) >= from then count = count + tonumber(n) end
  end
  return count
end

if not open() then return nil end
local g = group_read(id)
if not g then return {NO_GROUP, 0} end
local told = at > 0
at = told and at or now
if at > now + AHEAD_SECONDS then return {FUTURE, now} end
at = math.min(at, now)
local last = ledger().members_read(id)
if last and at < last.at and last.at <= now then return {OLDER, last.at} end
local held, recent, over, before = tonumber(call('HGET', SEATS, 'h:' .. id) or '0'), 0, 0, g.used
if follow and told then
  local known = math.max(math.min(tonumber(follow), now), now - (CAME_SLOTS - 1) * CAME_SECONDS)
  if at < known then return {TOO_OLD, known} end
  recent = came_since(at)
end
if follow then
  local all = members + recent + held
  g.used = g.limit < 0 and all or math.max(held, math.min(all, g.limit))
  over = all - g.used
  call('HSET', SEATS, 'u:' .. id, string.format('%.0f', g.used))
  ledger().queue_settle(g)
end
ledger().members_write(id, {count = members, at = at, over = over, source = ARGV[4]})

local history, hour = DEFINITION .. ':members:' .. id, math.floor(at / 3600)
call('ZREMRANGEBYSCORE', history, '-inf', hour - MEMBERS_SECONDS / 3600)
call('ZREMRANGEBYSCORE', history, hour, hour)
call('ZADD', history, hour, string.format('%.0f %.0f %.0f', at, members, math.max(0, before - held - recent)))
call('EXPIRE', history, MEMBERS_SECONDS)

if not last or last.count ~= members or g.used ~= before then
  ARGV[10] = cjson.encode({members = last and last.count or cjson.null, confirmed = before - held})
  ARGV[11] = cjson.encode({members = members, confirmed = g.used - held})
  audit(KEYS[5], 5)
end
return {DONE, at, report_campaign()}
