-- The end of a claim, when it is known what became of the campaigns. KEYS[1]: the index, see claim_aliases.lua.
-- ARGV: 1 the stamp of the claim, or of a deletion, then for each alias: slug, alias, and
--       keep: the campaign lists it; drop: it lists it no more; undo: it was not saved, and the entry had not been its
--       own.
-- Reply: 1.
local call, index = redis.call, KEYS[1]
local time = call('TIME')
local now = string.format('%d%06d', tonumber(time[1]), tonumber(time[2]))
for i = 2, #ARGV, 3 do
  local slug, alias, what = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local entry = call('HGET', index, alias) or ''
  local owner, _, at = string.match(entry, '^([a-z0-9-]+) ([cs]) (%d+)$')
  if what == 'keep' then
    if not owner or owner == slug then call('HSET', index, alias, slug .. ' s ' .. now) end
  elseif what == 'undo' then
    if entry == slug .. ' c ' .. ARGV[1] then call('HDEL', index, alias) end
  elseif owner == slug and tonumber(at) <= tonumber(ARGV[1]) then -- else it was claimed again behind this
    call('HDEL', index, alias)
  end
end
return 1
