-- Puts an entry back into the audit log, at its own moment: the log grows at its end only. KEYS[1]: the log.
-- ARGV: 1 its id, 2 "": it is put back, else it is only looked whether it could be, behind the entry of this id (0-0: any),
--       then who, action, target, from, before, after.
-- Reply: 1; or an error: CONFLICT: the log has it; STALE: the log has later ones.
local log, id, behind = KEYS[1], ARGV[1], ARGV[2]
local names = {'who', 'action', 'target', 'from', 'before', 'after'}

local function later(a, b)
  local a_ms, a_number = string.match(a, '^(%d+)-(%d+)$')
  local b_ms, b_number = string.match(b, '^(%d+)-(%d+)$')
  if a_ms ~= b_ms then return tonumber(a_ms) > tonumber(b_ms) end
  return tonumber(a_number) > tonumber(b_number)
end

local same = redis.call('XRANGE', log, id, id)[1]
if same then
  for i = 1, 3 do
    if same[2][i * 2] ~= ARGV[i + 2] then return redis.error_reply('HUOMA STALE') end
  end
  return redis.error_reply('HUOMA CONFLICT')
end
local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
if (last and not later(id, last[1])) or (behind ~= '' and not later(id, behind)) then return redis.error_reply('HUOMA STALE') end
if behind ~= '' then return 1 end
local entry = {}
for i, name in ipairs(names) do
  entry[#entry + 1] = name
  entry[#entry + 1] = ARGV[i + 2]
end
local done = redis.pcall('XADD', log, id, unpack(entry))
-- Entries that are not there any more may have been later.
if done.err and string.find(done.err, 'equal or smaller', 1, true) then return redis.error_reply('HUOMA STALE') end
return done.err and done or 1
