-- A stretch of an index of campaigns. KEYS: 1 the index, 2 titles by slug.
-- ARGV: 1 text to look for in lower case, or "", 2 the entry to begin after, 3 how many are wanted, 4 how many to look at, 5 how
--       many bytes of an entry stand before its slug.
-- Reply: {all there are, the entry to go on after or "" at the end, entries ...}
local index, titles = KEYS[1], KEYS[2]
local text, wanted, look, before = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local from = ARGV[2] == '' and '-' or '(' .. ARGV[2]
local entries = redis.call('ZRANGEBYLEX', index, from, '+', 'LIMIT', 0, look + 1)
local reply = {redis.call('ZCARD', index), ''}
for i = 1, math.min(look, #entries) do
  local entry = entries[i]
  local slug = string.sub(entry, before + 1)
  local title = text ~= '' and string.lower(redis.call('HGET', titles, slug) or '') or ''
  if text == '' or string.find(slug, text, 1, true) or string.find(title, text, 1, true) then
    reply[#reply + 1] = entry
    if #reply - 2 == wanted then
      if entries[i + 1] then reply[2] = entry end
      return reply
    end
  end
end
if #entries > look then reply[2] = entries[look] end
return reply
