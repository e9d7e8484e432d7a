-- commune --
SELECT id FROM admin_unit WHERE level = 'commune' AND code = :code
    AND lifetime @> current_date

-- former_commune --
-- A former commune must have led to the one of today. Codes were used again: that of the last map
-- with districts is meant where it may be, else the last that bore it.
WITH RECURSIVE onward AS (
    SELECT u.id, u.id AS first, u.lifetime @> date '2025-06-30' AS with_districts,
        upper(u.lifetime) AS ended
    FROM admin_unit u WHERE u.level = 'commune' AND u.code = :code
    UNION
    SELECT s.successor_id, o.first, o.with_districts, o.ended
    FROM onward o JOIN admin_unit_succession s ON s.predecessor_id = o.id
) SELECT first FROM onward WHERE id = :unit AND (with_districts OR ended <= current_date)
ORDER BY with_districts DESC, ended DESC LIMIT 1

-- communes_with_street --
SELECT u.code, t.name
FROM place t JOIN admin_unit u ON u.id = t.unit_id AND u.lifetime @> current_date
JOIN admin_unit_version v ON v.unit_id = u.id AND v.valid @> current_date
JOIN admin_unit p ON p.id = v.province_id AND p.code = :province
WHERE t.class = 'street' AND t.key = ANY (:keys) ORDER BY u.code

-- named --
SELECT id, unit_id, former_unit_id, parent_id, key, name, kind FROM place
WHERE class = :class AND unit_id = :unit AND key = ANY (:keys)

-- called_today --
SELECT a.name, p.kind, p.name FROM place_alias a JOIN place p ON p.id = a.place_id
WHERE a.class = :class AND a.unit_id = :unit AND a.key = ANY (:keys)

-- near_names --
SELECT kind, name, key FROM place WHERE class = :class
    AND unit_id = :unit AND key NOT LIKE '#%'
    AND similarity(key, :key) >= CASE :class WHEN 'locality' THEN 0.35 ELSE 0.5 END
ORDER BY similarity(key, :key) DESC, name LIMIT 20

-- names_of_key --
SELECT name, marks FROM place WHERE class = :class AND unit_id = :unit AND key = :key
    AND id <> :but ORDER BY id

-- localities_inside --
SELECT id, kind, name FROM place
WHERE class = 'locality' AND unit_id = :unit AND key = :key AND former_unit_id IS NULL
    AND parent_id IS NOT DISTINCT FROM CAST(:parent AS bigint)
ORDER BY id

-- insert_locality --
INSERT INTO place (class, unit_id, parent_id, key, marks, name, kind)
VALUES ('locality', :unit, :parent, :key, :marks, :name, :kind) RETURNING id

-- holders --
SELECT o.id, o.key, o.name FROM place l JOIN place o ON o.id = ANY (l.outer_ids)
WHERE l.id = :id ORDER BY cardinality(o.outer_ids) DESC
