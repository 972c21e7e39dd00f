-- needs: ledger
-- What the rules of alerts look at (campaign/alert.h), in one moment and however many groups there are. KEYS: as ledger.lua.
-- ARGV: 1 expiries up to this second are told, 2 how many groups are listed at most, 3 HOUR.
-- Reply: {version, running, groups, used, held, then of groups that are on and not expired: limit, taken, unlimited, open; then
--         of those listed: id, expires (0: none), suspect}; nil if there is no such campaign.
local version, _, running = open()
if not version then return nil end
local fields, all = {}, call('HGETALL', SEATS)
for i = 1, #all, 2 do fields[all[i]] = all[i + 1] end
local count, used, held, limit, taken, unlimited, is_open = 0, 0, 0, 0, 0, 0, 0
local listed = {}
for field, value in pairs(fields) do
  if string.sub(field, 1, 2) == 'g:' then
    local id = string.sub(field, 3)
    local position, most, on, expires = string.match(value, '^(%d+) (-?%d+) %d+ (%d) (%d+)')
    local own = tonumber(fields['u:' .. id] or '0')
    local suspect = fields['s:' .. id] and 1 or 0
    most, expires, on = tonumber(most), tonumber(expires), on == '1'
    local room, live = on and (most < 0 or own < most), on and (expires == 0 or now < expires)
    count, used, held = count + 1, used + own, held + tonumber(fields['h:' .. id] or '0')
    if live and most < 0 then unlimited = 1 end
    if live and most >= 0 then limit, taken = limit + most, taken + math.min(own, most) end
    if live and room then is_open = 1 end
    if expires > tonumber(ARGV[1]) then expires = 0 end
    if room and (expires > 0 or (suspect == 1 and live)) then
      listed[#listed + 1] = {position = tonumber(position), id = id, expires = expires, suspect = live and suspect or 0}
    end
  end
end
-- Always the same ones, should there be more than are told of.
table.sort(listed, function(a, b) return a.position < b.position end)
local reply = {tonumber(version), running and 1 or 0, count, used, held, limit, taken, unlimited, is_open}
for i = 1, math.min(#listed, tonumber(ARGV[2])) do
  reply[#reply + 1] = listed[i].id
  reply[#reply + 1] = listed[i].expires
  reply[#reply + 1] = listed[i].suspect
end
return reply
