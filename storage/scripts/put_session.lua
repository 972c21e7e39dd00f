-- needs: audit
-- Begins a session, or ends it. KEYS: 1 the session, 2 the audit log. ARGV: 1 its record ("": it ends), 2 how many seconds it
-- lasts unless it is used; then the audit's. Reply: 1.
if ARGV[1] ~= '' then
  redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
  audit(KEYS[2], 3)
elseif redis.call('DEL', KEYS[1]) == 1 then
  audit(KEYS[2], 3)
end
return 1
