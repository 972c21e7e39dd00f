-- needs: problems
-- Campaigns have been looked at. KEYS: as note_problems.lua. ARGV: 1 until when take_problems gave them ("": they are settled
-- whatever became of them meanwhile), then for each: slug, severity ("": there is no such campaign; "?": as before), seconds after
-- which time alone may change it, or 0.
-- What was heard of or taken again since then is left alone: whoever looks next knows better.
local SEVERITIES = 4
local most = latest(KEYS[2])
for i = 2, #ARGV, 3 do
  local slug, severity, seconds = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
  local score = redis.call('ZSCORE', KEYS[2], slug)
  if ARGV[1] == '' or (score and tonumber(score) == tonumber(ARGV[1])) then
    for other = 0, severity == '?' and -1 or SEVERITIES - 1 do
      if tostring(other) ~= severity then redis.call('ZREM', KEYS[1], other .. '.' .. slug) end
    end
    if severity == '' then
      redis.call('ZREM', KEYS[2], slug)
    else
      if severity ~= '?' then redis.call('ZADD', KEYS[1], 0, severity .. '.' .. slug) end
      local wait = seconds > 0 and math.min(seconds, most) or most
      redis.call('ZADD', KEYS[2], string.format('%.0f', now + wait * 1000000), slug)
    end
  end
end
return 1
