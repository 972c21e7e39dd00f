-- needs: ledger report
-- A definition and what the ledger counts, in one moment. ARGV: 1 HOUR. Reply: see report_campaign() in report.lua;
-- nil if there is none.
if not open() then return nil end
return report_campaign()
