-- needs: audit
-- An entry of the audit log about what changes nothing in the store (a failed login, an export). KEYS: 1 the log. ARGV: the
-- audit's. Reply: 1.
audit(KEYS[1], 1)
return 1
