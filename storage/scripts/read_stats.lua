-- Some days of statistics. KEYS: for each day :stats:<day> and :visits:<day>. ARGV: letters of the fields of :visits that are
-- wanted. Reply: for each day {field, count ...} of :stats, {field, counts ...} of :visits.
local reply = {}
for i = 1, #KEYS - #KEYS % 2, 2 do
  reply[i] = redis.call('HGETALL', KEYS[i])
  local all, wanted = redis.call('HGETALL', KEYS[i + 1]), {}
  for f = 1, #all, 2 do
    if string.find(ARGV[1], string.sub(all[f], 1, 1), 1, true) then
      wanted[#wanted + 1] = all[f]
      wanted[#wanted + 1] = all[f + 1]
    end
  end
  reply[i + 1] = wanted
end
return reply
