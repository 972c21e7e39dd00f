-- Claims aliases for campaigns, all or none.
-- KEYS[1]: the index, a hash of alias -> "slug state stamp"; state: c claimed, s settled; stamp: the microsecond of
--          Redis's clock at which it was written.
-- ARGV: 1 seconds for which a claim that is not settled is left alone, then for each alias: slug, alias, and the entry
--       of another campaign that this may replace, or "".
-- Reply: {stamp, for each alias 1 if its entry was not the campaign's before, else 0, as one text}; or, and then
--        nothing is changed: {"", number of an alias that another campaign has, that campaign, its entry, 1 if the
--        entry says nothing unless the campaign's definition lists the alias}.
local call, index = redis.call, KEYS[1]
local time = call('TIME')
local stamp = string.format('%d%06d', tonumber(time[1]), tonumber(time[2]))
local claimed, fresh = {}, {}
for i = 2, #ARGV, 3 do
  local slug, alias = ARGV[i], ARGV[i + 1]
  local entry = call('HGET', index, alias) or ''
  local owner, state, at = string.match(entry, '^([a-z0-9-]+) ([cs]) (%d+)$')
  if claimed[alias] then return {'', (i - 2) / 3, claimed[alias], entry, 0} end
  if owner and owner ~= slug and entry ~= ARGV[i + 2] then
    local old = math.abs(tonumber(stamp) - tonumber(at)) > tonumber(ARGV[1]) * 1e6
    return {'', (i - 2) / 3, owner, entry, (state == 's' or old) and 1 or 0}
  end
  claimed[alias] = slug
  fresh[#fresh + 1] = owner == slug and '0' or '1'
end
for alias, slug in pairs(claimed) do call('HSET', index, alias, slug .. ' c ' .. stamp) end
return {stamp, table.concat(fresh)}
