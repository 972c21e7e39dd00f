-- needs: ledger report
-- A definition and what the ledger counts, in one moment. Reply: see report_campaign() in report.lua; nil if there is none.
if not open() then return nil end
return report_campaign()
