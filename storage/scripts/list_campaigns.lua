-- A stretch of the index of campaigns. KEYS: 1 the index, 2 titles by slug.
-- ARGV: 1 text to look for in lower case, or "", 2 the slug to begin after, 3 how many are wanted, 4 how many to look at.
-- Reply: {all there are, the slug to go on after or "" at the end, slugs ...}
local index, titles = KEYS[1], KEYS[2]
local text, wanted, look = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])
local from = ARGV[2] == '' and '-' or '(' .. ARGV[2]
local slugs = redis.call('ZRANGEBYLEX', index, from, '+', 'LIMIT', 0, look + 1)
local reply = {redis.call('ZCARD', index), ''}
for i = 1, math.min(look, #slugs) do
  local slug = slugs[i]
  local title = text ~= '' and string.lower(redis.call('HGET', titles, slug) or '') or ''
  if text == '' or string.find(slug, text, 1, true) or string.find(title, text, 1, true) then
    reply[#reply + 1] = slug
    if #reply - 2 == wanted then
      if slugs[i + 1] then reply[2] = slug end
      return reply
    end
  end
end
if #slugs > look then reply[2] = slugs[look] end
return reply
