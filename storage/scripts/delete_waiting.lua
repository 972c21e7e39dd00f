-- needs: audit ledger queues taking waiting
-- Forgets entries of a waiting list; a seat that was promised goes back. ARGV: 1 the entry's number; or "" for the oldest ones,
-- 2 how many at most, from 3 on an entry of the audit log, then HOUR. KEYS[5]: that log. Reply: how many are left; an error if there is no such entry or campaign.
local version, _, running = open()
if not version then return redis.error_reply('HUOMA NOT_FOUND') end
if waits > 0 and running then waiting().let_in() end
waiting()
local ids
if ARGV[1] ~= '' then
  ids = call('ZRANGEBYSCORE', WAITED, ARGV[1], ARGV[1])
  if not ids[1] then return redis.error_reply('HUOMA NOT_FOUND') end
else
  ids = call('ZRANGE', WAITED, 0, tonumber(ARGV[2]) - 1)
end
for _, id in ipairs(ids) do
  local e = waiting().entry_read(id)
  if e then
    local g = e.state == 'p' and group_read(e.group)
    local issued = g and tonumber(call('HGET', SEATS, 'b:' .. waiting().bucket_of(e)) or '0')
    if g and e.serial < issued then ledger().give_back(g, string.format('%.0f', e.due), e.serial) end
    waiting().line_leave(e.line, id)
  end
  call('ZREM', WAITED, id)
  call('HDEL', WAITING, id)
end
audit(KEYS[5], 3)
return call('ZCARD', WAITED)
