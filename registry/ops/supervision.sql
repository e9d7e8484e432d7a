-- reports --
-- Each report counts once, however often it was repeated.
SELECT kind, state, count(*) FROM field_report
WHERE last_reported_at > now() - make_interval(days => :days)
GROUP BY kind, state ORDER BY kind, state

-- carriers --
SELECT k.id, k.name, count(*), count(*) FILTER (WHERE f.state = 'accepted'),
    count(*) FILTER (WHERE f.state = 'rejected'),
    count(DISTINCT f.code) FILTER (WHERE f.state = 'accepted' AND f.kind = 'confirmed')
FROM (
    SELECT DISTINCT key_id, report_id FROM field_report_receipt
    WHERE key_id IS NOT NULL AND given_at > now() - make_interval(days => :days)
) r
JOIN api_key k ON k.id = r.key_id AND k.role = 'carrier'
JOIN field_report f ON f.id = r.report_id
GROUP BY k.id, k.name ORDER BY count(*) DESC, k.id
