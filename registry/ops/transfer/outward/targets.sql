SELECT r.unit, t.locality_id AS locality, t.households, t.counted, t.quality, t.source,
    t.reference_date, t.recorded_at, t.withdrawn_at
FROM target t
JOIN unit_ref r ON r.id = t.unit_id
ORDER BY r.unit COLLATE "C", t.locality_id, t.quality COLLATE "C", t.source COLLATE "C",
    t.reference_date, t.counted COLLATE "C"
