-- When campaigns are looked at; stands in front of the scripts that take and settle them.
local LATEST_SECONDS, EACH_SECOND = 3600, 16 -- all are looked at so often, or so many a second if there are more
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])

-- Seconds until a campaign is looked at again at the latest.
local function latest(slugs)
  return math.max(LATEST_SECONDS, redis.call('ZCARD', slugs) / EACH_SECOND)
end
