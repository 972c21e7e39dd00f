-- A page of the audit log, the latest first. KEYS: 1 the log.
-- ARGV: 1 the newest id that may be among it ("+", or "(" and an id), 2 the oldest ("-"), 3 who, 4 action, 5 target ("" any;
--       an action of a kind: "user" is also user.create; a target with what belongs to it: "campaign:a" is also
--       "campaign:a/g1"), 6 how many are wanted, 7 how many to look at.
-- Reply: {all there are, the id to go on before or "" at the end, rows {id, fields ...} ...}
local function fits(value, wanted, separator)
  return wanted == '' or value == wanted or string.sub(value, 1, #wanted + 1) == wanted .. separator
end

local wanted, look = tonumber(ARGV[6]), tonumber(ARGV[7])
local reply = {redis.call('XLEN', KEYS[1]), ''}
local entries = redis.call('XREVRANGE', KEYS[1], ARGV[1], ARGV[2], 'COUNT', look)
for i, entry in ipairs(entries) do
  local fields = entry[2]
  if (ARGV[3] == '' or fields[2] == ARGV[3]) and fits(fields[4], ARGV[4], '.') and fits(fields[6], ARGV[5], '/') then
    reply[#reply + 1] = entry
    if #reply - 2 == wanted then
      if i < #entries or #entries == look then reply[2] = entry[1] end
      return reply
    end
  end
end
if #entries == look then reply[2] = entries[look][1] end
return reply
