-- An alert begins, gets worse, or is over: once, whoever of several servers comes first. In the same moment what is to be sent is
-- laid into the outbox, so no crash comes between.
-- KEYS: 1 alerts by id, 2 open ones: cause -> "id level", 3 the number of the last change, 4 destinations, 5 the outbox,
--       6 its entries by the millisecond at which they are due.
-- ARGV: 1 now, unix seconds, 2 the cause, 3 its level (0: over), 4 the record as JSON ("" when over, but of an alert that begins
--       and is over at once), 5 1 if it is to be sent, 6 how many alerts are kept, 7 how many entries the outbox may have.
-- Reply: 1; 0 if it has been done; -1 if too many are open or wait to be sent. That others were first is no error, and is not
-- logged as one.
local ALERTS, OPEN, SEQUENCE, TO, OUTBOX, DUE = unpack(KEYS)
local call = redis.call
local now, cause, level, kept = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[6])

-- The oldest one that is over makes room.
local function forget_oldest()
  local oldest
  for _, id in ipairs(call('HKEYS', ALERTS)) do
    if (not oldest or tonumber(id) < oldest) and cjson.decode(call('HGET', ALERTS, id)).over_at > 0 then oldest = tonumber(id) end
  end
  if oldest then call('HDEL', ALERTS, string.format('%d', oldest)) end
end

local function lay_out(event, id, sequence, text)
  for _, to in ipairs(call('HKEYS', TO)) do
    if call('HLEN', OUTBOX) >= tonumber(ARGV[7]) then return -1 end
    local name = string.format('%s-%d-%s', id, sequence, to)
    call('HSET', OUTBOX, name, string.format('{"to":"%s","event":"%s","tries":0,"since":%d,"alert":%s}', to, event, now, text))
    call('ZADD', DUE, now * 1000, name)
  end
  return 1
end

local id, was = string.match(call('HGET', OPEN, cause) or '', '^(%d+) (%d+)$')
local at_once = level == 0 and ARGV[4] ~= ''
if (level == 0 and not id and not at_once) or (level > 0 and id and tonumber(was) >= level) then return 0 end
if level > 0 and not id and call('HLEN', OPEN) >= kept then return -1 end
local sequence = call('INCR', SEQUENCE)
local before = id and call('HGET', ALERTS, id)
before = before and cjson.decode(before)
local record = (level > 0 or at_once) and cjson.decode(ARGV[4]) or before
local event = level == 0 and 'over' or id and 'worse' or 'raised'
if not id then
  id = string.format('%d', sequence)
  if call('HLEN', ALERTS) >= kept then forget_oldest() end
end
if level > 0 then call('HSET', OPEN, cause, string.format('%s %d', id, level)) else call('HDEL', OPEN, cause) end
if not record then return 1 end
record.id, record.sequence, record.changed_at = id, sequence, now
record.raised_at = before and before.raised_at or at_once and record.at or now
record.over_at = level == 0 and now or 0
local text = cjson.encode(record)
call('HSET', ALERTS, id, text)
return ARGV[5] == '1' and lay_out(event, id, sequence, text) or 1
