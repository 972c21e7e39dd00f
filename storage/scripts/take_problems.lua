-- needs: problems
-- Takes campaigns that are due to be looked at, for a while: who took some and died is followed by another.
-- KEYS: as note_problems.lua. ARGV: 1 how many, then slugs of which something was heard. They come before all that are
-- merely due, in the order in which they were heard of; one that is not listed is gone, or will be noted by its save.
-- Reply: {until when they are taken, slugs ...}
local TAKEN_MICROSECONDS = 10000000
local heard = string.format('%.6f', now / 1000000) -- of all times in microseconds none is as small
for i = 2, #ARGV do redis.call('ZADD', KEYS[2], 'XX', 'LT', heard, ARGV[i]) end
local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[1])
-- What is due later than anything is ever put off was put off by a clock that has gone back since.
local beyond = string.format('(%.0f', now + latest(KEYS[2]) * 1000000 + TAKEN_MICROSECONDS)
for _, slug in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], beyond, '+inf', 'LIMIT', 0, tonumber(ARGV[1]) - #due)) do
  due[#due + 1] = slug
end
local reply = {string.format('%.0f', now + TAKEN_MICROSECONDS)}
for i, slug in ipairs(due) do
  redis.call('ZADD', KEYS[2], reply[1], slug)
  reply[i + 1] = slug
end
return reply
