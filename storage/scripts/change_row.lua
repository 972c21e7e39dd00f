-- needs: audit
-- Changes one row of a hash of records, if it is still what it was, and tells the audit log. KEYS: 1 the hash, 2 the log.
-- ARGV: 1 the row's name, 2 "new" (there is none of that name), "first" (there is no row at all), "same" (it is what it
--       was), "any" (there is one), "put" (it is what it was, or there is none if it was none, of a campaign that is there), 3 what it was ("": none),
--       4 what it becomes ("": it goes), 5 how many rows there may be, 6 1 if an owner must remain; then the audit's. Reply: 1.
local rows, name, rule, was, becomes = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]

-- Whether a record is that of somebody who may give others their roles.
local function is_owner(text)
  local good, record = pcall(cjson.decode, text)
  return good and type(record) == 'table' and record.role == 'owner' and not record.disabled
end

local function others_own()
  local all = redis.call('HGETALL', rows)
  for i = 1, #all, 2 do
    if all[i] ~= name and is_owner(all[i + 1]) then return true end
  end
  return false
end

-- What belongs to a campaign is made only where there is one.
if rule == 'put' and redis.call('EXISTS', (string.gsub(rows, ':[a-z]+$', ''))) == 0 then return redis.error_reply('HUOMA NOT_FOUND') end
local now = redis.call('HGET', rows, name)
if rule == 'same' or rule == 'any' then
  if not now then return redis.error_reply('HUOMA NOT_FOUND') end
  if rule == 'same' and now ~= was then return redis.error_reply('HUOMA STALE') end
  if ARGV[6] == '1' and is_owner(now) and not is_owner(becomes) and not others_own() then
    return redis.error_reply('HUOMA LAST_OWNER')
  end
elseif rule == 'put' then
  if (now or '') ~= was then return redis.error_reply('HUOMA STALE') end
else
  local count = redis.call('HLEN', rows)
  if now or (rule == 'first' and count > 0) then return redis.error_reply('HUOMA CONFLICT') end
  if count >= tonumber(ARGV[5]) then return redis.error_reply('HUOMA NO_SPACE') end
end
if becomes == '' then redis.call('HDEL', rows, name) else redis.call('HSET', rows, name, becomes) end
audit(KEYS[2], 7)
return 1
