-- needs: ledger
-- A campaign with all that the ledger has of it, in one moment; restore_campaign.lua takes it back.
-- ARGV: 1 HOUR. Reply: {definition, swept, {id, used, held, reports, their times, suspect since or "", the last head count or "",
-- those of before, for each group by position},
-- {group, name, due, issued, confirmed, given back, told, for each bucket}, {day, {name, count ...}, for each day}, {id, number,
-- joined, state, line, group, due, serial, channel, name, for each entry of the waiting list}}; nil if there is no such
-- campaign.
if not open() then return nil end
local all, fields = call('HGETALL', SEATS), {}
for i = 1, #all, 2 do fields[all[i]] = all[i + 1] end

local groups_by_position, days = {}, {}
for field, value in pairs(fields) do
  local kind, name = string.sub(field, 1, 2), string.sub(field, 3)
  if kind == 'g:' then groups_by_position[tonumber(string.match(value, '^%d+')) + 1] = name end
  if kind == 'd:' then days[#days + 1] = name end
end
table.sort(days)

local group_rows, buckets, day_rows = {}, {}, {}
for _, id in ipairs(groups_by_position) do
  local rows = {id, fields['u:' .. id] or '0', fields['h:' .. id] or '0', fields['r:' .. id] or '0', fields['t:' .. id] or '',
                fields['s:' .. id] or '', fields['m:' .. id] or '', ''}
  if rows[7] ~= '' then rows[8] = table.concat(call('ZRANGE', DEFINITION .. ':members:' .. id, 0, -1), ' ') end
  for _, value in ipairs(rows) do group_rows[#group_rows + 1] = value end
end
local dues = call('ZRANGE', DUE, 0, -1, 'WITHSCORES')
for i = 1, #dues, 2 do
  local member = dues[i]
  local id, name = ledger().bucket_split(member)
  for _, value in ipairs({id, name, dues[i + 1], fields['b:' .. member]}) do buckets[#buckets + 1] = value end
  for _, bitmap in ipairs({':hold:', ':back:', ':told:'}) do
    buckets[#buckets + 1] = call('GET', DEFINITION .. bitmap .. member) or ''
  end
end
-- Of which seats workers have told is of no use where what they told does not go.
for _, day in ipairs(days) do
  local counts, kept = call('HGETALL', DEFINITION .. ':stats:' .. day), {}
  for i = 1, #counts, 2 do
    if not string.match(counts[i], '^q%d%d$') then
      kept[#kept + 1] = counts[i]
      kept[#kept + 1] = counts[i + 1]
    end
  end
  day_rows[#day_rows + 1] = day
  day_rows[#day_rows + 1] = kept
end
local entries, waiting = {}, DEFINITION .. ':waiting'
for _, id in ipairs(call('ZRANGE', DEFINITION .. ':waited', 0, -1)) do
  local parts = {string.match(call('HGET', waiting, id) or '', '^(%d+) (%d+) (%a) (%S+) (%S+) (%d+) (%d+) (%S+) (.*)$')}
  if parts[1] then entries[#entries + 1] = id end
  for _, part in ipairs(parts) do entries[#entries + 1] = part end
end
return {call('GET', DEFINITION), fields['swept'] or '0', group_rows, buckets, day_rows, entries}
