-- A group's head counts. KEYS: the campaign's `:seats` and the group's `:members:<id>`. ARGV: 1 group.
-- Reply: {the last one as members_write of ledger.lua has it or "", "at members seats" of one an hour ...}; nil if there is no
-- such group.
if redis.call('HEXISTS', KEYS[1], 'g:' .. ARGV[1]) == 0 then return nil end
local reply = redis.call('ZRANGE', KEYS[2], 0, -1)
table.insert(reply, 1, redis.call('HGET', KEYS[1], 'm:' .. ARGV[1]) or '')
return reply
