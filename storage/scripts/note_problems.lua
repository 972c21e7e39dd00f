-- Campaigns are to be looked at: what is wrong with them may have changed, or they are new.
-- KEYS: 1 "<severity>.<slug>" of every campaign, by which they are listed; 2 slugs by the microsecond at which each is looked at
-- next. ARGV: slugs. A slug is in the second if and only if it is in the first, once.
local clock = redis.call('TIME')
local now = string.format('%.0f', tonumber(clock[1]) * 1000000 + tonumber(clock[2]))
local NOT_LOOKED_AT = '2.' -- until then nothing is wrong with it
for _, slug in ipairs(ARGV) do
  if not redis.call('ZSCORE', KEYS[2], slug) then redis.call('ZADD', KEYS[1], 0, NOT_LOOKED_AT .. slug) end
  redis.call('ZADD', KEYS[2], 'LT', now, slug)
end
return #ARGV
