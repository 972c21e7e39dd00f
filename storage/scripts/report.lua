-- What the ledger says of a campaign; it stands behind ledger.lua in scripts that end with it.
-- {definition, and for each group by position: used, held, reports, suspect, members and when they were counted, or -1 and 0}
local function report_campaign()
  local rows = {}
  local all, fields = call('HGETALL', SEATS), {}
  for i = 1, #all, 2 do fields[all[i]] = all[i + 1] end
  for field, value in pairs(fields) do
    if string.sub(field, 1, 2) == 'g:' then
      rows[tonumber(string.match(value, '^%d+')) + 1] = string.sub(field, 3)
    end
  end
  local reply = {call('GET', DEFINITION)}
  for _, id in ipairs(rows) do
    reply[#reply + 1] = tonumber(fields['u:' .. id] or '0')
    reply[#reply + 1] = tonumber(fields['h:' .. id] or '0')
    reply[#reply + 1] = tonumber(fields['r:' .. id] or '0')
    reply[#reply + 1] = fields['s:' .. id] and 1 or 0
    local members, at = string.match(fields['m:' .. id] or '', '^(%d+) (%d+)')
    reply[#reply + 1] = tonumber(members or '-1')
    reply[#reply + 1] = tonumber(at or '0')
  end
  return reply
end
