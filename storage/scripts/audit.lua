-- An entry of the audit log, in one moment with the change that it tells of. It stands in front of scripts that change
-- things for people.
--
-- An entry is AUDIT_EACH arguments, from `at` on: 0 days to keep, 1 who ("": there is nothing to tell), 2 action, 3 target,
-- 4 from, 5 before, 6 after.
local AUDIT_EACH = 7

local function audit(log, at)
  if ARGV[at + 1] == '' then return end
  local oldest = (tonumber(redis.call('TIME')[1]) - tonumber(ARGV[at]) * 86400) * 1000
  redis.call('XADD', log, 'MINID', '~', string.format('%d', oldest), '*', 'who', ARGV[at + 1], 'action', ARGV[at + 2],
             'target', ARGV[at + 3], 'from', ARGV[at + 4], 'before', ARGV[at + 5], 'after', ARGV[at + 6])
end
