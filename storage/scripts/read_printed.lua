-- What of a campaign is printed. KEYS: 1 its definition, 2 its logo. ARGV: 1 whether the logo is wanted, "1" or "0".
-- Reply: the definition and, if there is one and it is wanted, the logo; nil if there is no such campaign.
local definition = redis.call('GET', KEYS[1])
if not definition then return nil end
local logo = ARGV[1] == '1' and redis.call('HGET', KEYS[2], 'logo')
return logo and {definition, logo} or {definition}
