-- needs: audit ledger
-- Deletes a campaign with all that belongs to it. KEYS[5]: the audit log.
-- ARGV: 1 the version that it must have (0: any), 2 slug; then its entry of the audit log.
-- Reply: 1; or, if it had aliases, {the moment in microseconds, its definition}.
local version = call('HGET', SEATS, 'v')
if not version then return redis.error_reply('HUOMA NOT_FOUND') end
if ARGV[1] ~= '0' and version ~= ARGV[1] then return redis.error_reply('HUOMA CONFLICT') end
for _, member in ipairs(call('ZRANGE', DUE, 0, -1)) do ledger().bucket_forget(member) end
local followed = call('HEXISTS', SEATS, 'follow') == 1
for _, field in ipairs(call('HKEYS', SEATS)) do
  local kind, name = string.sub(field, 1, 2), string.sub(field, 3)
  if kind == 'd:' then call('DEL', DEFINITION .. ':stats:' .. name, DEFINITION .. ':visits:' .. name) end
  if kind == 'm:' or (kind == 'g:' and followed) then
    call('DEL', DEFINITION .. ':members:' .. name, DEFINITION .. ':came:' .. name)
  end
end
for lane = 1, tonumber(call('HGET', SEATS, 'lanes') or '1') - 1 do call('DEL', queue_of(lane)) end
for _, line in ipairs(call('HKEYS', DEFINITION .. ':lines')) do call('DEL', DEFINITION .. ':line:' .. line) end
local definition = call('GET', DEFINITION)
call('DEL', DEFINITION, SEATS, QUEUE, DUE, DEFINITION .. ':owner', DEFINITION .. ':logo', DEFINITION .. ':waiting', DEFINITION .. ':waited',
     DEFINITION .. ':lines', DEFINITION .. ':flushed')
ledger().tell('changed')
audit(KEYS[5], 3)
-- Inside of a string its quotes would be escaped, and a campaign without aliases does not have the key.
if definition and string.find(definition, '"aliases":[', 1, true) then
  return {string.format('%d%06d', now, tonumber(clock[2])), definition}
end
return 1
