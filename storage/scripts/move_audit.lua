-- Entries of a tag's outbox come to the audit log, each once, however often they are brought; see audit_outbox.h.
-- KEYS: 1 the log, 2 those that came lately: "tag id" by the second. ARGV: 1 the tag, then for each entry its id there and the values
-- of audit.lua: who, action, target, from, before, after. Reply: how many came now.
local MOVED_SECONDS = 30 * 86400
local names = {'who', 'action', 'target', 'from', 'before', 'after'}
local now, came = tonumber(redis.call('TIME')[1]), 0
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - MOVED_SECONDS)
for i = 2, #ARGV, 7 do
  if redis.call('ZADD', KEYS[2], 'NX', now, ARGV[1] .. ' ' .. ARGV[i]) == 1 then
    local entry = {}
    for n, name in ipairs(names) do
      entry[n * 2 - 1] = name
      entry[n * 2] = ARGV[i + n]
    end
    redis.call('XADD', KEYS[1], '*', unpack(entry))
    came = came + 1
  end
end
return came
