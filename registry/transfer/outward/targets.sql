SELECT r.unit, l.place AS locality, t.households, t.counted, t.quality, t.source,
    t.reference_date, t.recorded_at, t.withdrawn_at
FROM target t
JOIN unit_ref r ON r.id = t.unit_id
LEFT JOIN locality_ref l ON l.id = t.locality_id
ORDER BY r.unit COLLATE "C", l.place, t.quality COLLATE "C", t.source COLLATE "C",
    t.reference_date, t.counted COLLATE "C"
