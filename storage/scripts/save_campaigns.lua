-- needs: audit ledger report saving
-- Writes definitions and their plans, atomically with scans: all of them, or none if one is not of the version that it must
-- have. All keys must be in one Redis.
-- KEYS: four of each campaign, see ledger.lua; then the audit log.
-- ARGV: 1 a random seed, then for each campaign its record, see saving.lua, and how many head counts, and for each: id,
--       confirmed; then its entry of the audit log; behind all of them HOUR.
-- Reply: a list of what read_campaign answers, in order.
local count = math.floor((#KEYS - 1) / 4)

local function heads_end(at)
  return at + 1 + tonumber(ARGV[at]) * 2
end

-- The admin counted heads: so many are confirmed, and those who hold a seat now come on top.
local function write_heads(at)
  for i = 0, tonumber(ARGV[at]) - 1 do
    local id = ARGV[at + 1 + i * 2]
    local held = tonumber(call('HGET', SEATS, 'h:' .. id) or '0')
    call('HSET', SEATS, 'u:' .. id, tonumber(ARGV[at + 2 + i * 2]) + held)
    local members = ledger().members_read(id)
    if members and members.over > 0 then
      members.over = 0
      ledger().members_write(id, members)
    end
  end
end

-- More people were counted in a group than its limit let have seats: a higher limit is theirs first.
local function seat_members(at)
  for i = 0, ARGV[at + 13] == '1' and tonumber(ARGV[at + GROUPS]) - 1 or -1 do
    local id, limit = ARGV[at + FIRST + i * EACH], tonumber(ARGV[at + FIRST + i * EACH + 1])
    local members = ledger().members_read(id)
    if members and members.over > 0 then
      local used = tonumber(call('HGET', SEATS, 'u:' .. id) or '0')
      local more = limit < 0 and members.over or math.max(0, math.min(members.over, limit - used))
      if not follow then more = 0 end
      members.over = follow and members.over - more or 0 -- who was not followed since is not to be trusted
      call('HSET', SEATS, 'u:' .. id, string.format('%.0f', used + more))
      ledger().members_write(id, members)
    end
  end
end

seed = tonumber(ARGV[1])
local at, reply = 2, {}
for i = 0, count - 1 do
  local was, version = tonumber(ARGV[at]), call('HGET', KEYS[i * 4 + 2], 'v')
  if was == 0 and version then return redis.error_reply('HUOMA CONFLICT') end
  if was > 0 and not version then return redis.error_reply('HUOMA NOT_FOUND') end
  if was > 0 and tonumber(version) ~= was then return redis.error_reply('HUOMA CONFLICT') end
  at = heads_end(record_end(at)) + AUDIT_EACH
end
at = 2
for i = 0, count - 1 do
  local heads = record_end(at)
  campaign_switch(i)
  open()
  write_plan(at)
  write_heads(heads)
  seat_members(at)
  write_queue(at)
  reply[i + 1] = write_definition(at)
  at = heads_end(heads)
  audit(KEYS[count * 4 + 1], at)
  at = at + AUDIT_EACH
end
return reply
