-- The seeds already include some of them.
INSERT INTO target (unit_id, locality_id, households, counted, quality, source, reference_date,
    recorded_at, withdrawn_at)
SELECT u.id, p.locality, p.households, p.counted, p.quality, p.source, p.reference_date,
    p.recorded_at, p.withdrawn_at
FROM part p LEFT JOIN unit_ref u USING (unit)
ORDER BY p.line
ON CONFLICT (unit_id, locality_id, quality, source, reference_date, counted) DO UPDATE
SET households = excluded.households, recorded_at = excluded.recorded_at,
    withdrawn_at = excluded.withdrawn_at;
