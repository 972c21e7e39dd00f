-- A session's record; nil if there is none. It lasts ARGV[1] seconds from now on, which is written only when ARGV[2] of them
-- have passed: not each request is worth a write. KEYS: 1 the session.
local record = redis.call('GET', KEYS[1])
if record and redis.call('TTL', KEYS[1]) < tonumber(ARGV[1]) - tonumber(ARGV[2]) then
  redis.call('EXPIRE', KEYS[1], ARGV[1])
end
return record
