-- needs: ledger queues taking waiting
-- A page of a waiting list, in the order of joining. ARGV: 1 the number behind which it begins, 2 how many at most, 3 HOUR.
-- Reply: {how many entries there are, how many of them wait, and for each: number, joined, state, group or "", due, channel or "",
-- name, how many wait before}; nil if there is no such campaign. state: w waits, p promised, l missed the promise, i in.
local version, _, running = open()
if not version then return nil end
if waits > 0 and running then waiting().let_in() end
waiting()
local reply = {call('ZCARD', WAITED), waits}
for _, id in ipairs(call('ZRANGEBYSCORE', WAITED, '(' .. ARGV[1], '+inf', 'LIMIT', 0, ARGV[2])) do
  local e = waiting().entry_read(id)
  if e then
    local state = waiting().has_missed(e) and 'l' or e.state
    local due = tonumber(call('ZSCORE', DUE, waiting().bucket_of(e))) or math.max(0, e.due - shift)
    local group, channel = e.group == '-' and '' or e.group, e.channel == '-' and '' or e.channel
    local before = e.state == 'w' and waiting().before(e.number) or 0
    for _, value in ipairs({e.number, e.joined, state, group, due, channel, e.name, before}) do
      reply[#reply + 1] = value
    end
  end
end
return reply
