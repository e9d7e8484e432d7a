-- beyond --
-- An estimate may be half of the true number. Only communes that grow by a quarter are counted.
SELECT v.kind, v.name, h.held + w.fresh, t.households, t.counted, t.quality
FROM unnest(CAST(:units AS int[]), CAST(:fresh AS bigint[])) w (unit_id, fresh)
CROSS JOIN LATERAL (
    SELECT households, counted, quality FROM target
    WHERE unit_id = w.unit_id AND locality_id IS NULL AND withdrawn_at IS NULL AND {of_homes}
    ORDER BY {best_target} LIMIT 1
) t
CROSS JOIN LATERAL (
    SELECT coalesce(sum(households_count), 0) AS held FROM household
    WHERE w.fresh * 4 > t.households AND unit_id = w.unit_id
        AND status = 'active' AND kind = 'household' AND code >= '1'
) h
JOIN admin_unit_version v ON v.unit_id = w.unit_id AND v.valid @> current_date
WHERE w.fresh * 4 > t.households AND h.held + w.fresh > 50
    + t.households * CASE t.quality WHEN 'estimate' THEN 2 ELSE 1.5 END
ORDER BY (h.held + w.fresh)::float / greatest(t.households, 1) DESC, v.name
