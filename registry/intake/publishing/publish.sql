-- Statements over copied tables, or with `$`, are for DuckDB; the others for PostgreSQL.

-- touched_records --
SELECT h.code, h.event_id
FROM household h
WHERE h.code IN (
    SELECT code FROM found WHERE outcome <> 'unchanged'
    UNION SELECT code FROM retiring
    UNION SELECT code FROM shared)
ORDER BY h.code

-- count_moved_on --
-- Lock first, then compare, so that changes of concurrent transactions are waited for.
SELECT count(*) FILTER (WHERE now <> was) FROM (
    SELECT h.event_id AS now, t.event_id AS was
    FROM touched_record t JOIN household h ON h.code = t.code
    FOR NO KEY UPDATE OF h) locked

-- places_moved_on --
-- by registered_street, registered_locality, street_alias, locality_alias
SELECT EXISTS (FROM (
    FROM {places} EXCEPT FROM {places}_now UNION ALL (FROM {places}_now EXCEPT FROM {places})))

-- insert_places --
INSERT INTO place (class, unit_id, former_unit_id, parent_id, key, marks, name, kind)
SELECT class, unit_id, former_unit_id, parent_id, key, marks, name, kind FROM wanted_place
ON CONFLICT DO NOTHING

-- wanted_in_order --
SELECT class, unit_id, former_id, parent_id, key, marks, name, kind FROM wanted
ORDER BY unit_id, former_id, key, marks

-- insert_rows --
INSERT INTO household (code, kind, status, parent_code, {row}, point, {position})
SELECT code, 'household', 'active', parent_code, {row}, ST_Point(lon, lat, 4326), {position} FROM new_row

-- update_rows --
UPDATE household o SET (parent_code, {row}, point, {position}) = ROW (
    n.parent_code, {row_of_changed},
    ST_Point(lon, lat, 4326), {position_of_changed})
FROM changed_row n WHERE o.code = n.code

-- insert_buildings --
INSERT INTO household (code, kind, status, households_count, {place}, point, position_method)
SELECT code, 'building', 'active', 0, {place}, ST_Point(lon, lat, 4326),
    CASE WHEN lon IS NOT NULL THEN 'centroid' END
FROM new_building

-- new_buildings --
SELECT code, {place}, lon, lat FROM building WHERE is_new

-- adopt --
UPDATE household o SET parent_code = a.parent_code FROM adopted a WHERE o.code = a.code

-- adopted --
SELECT n.code, b.code AS parent_code
FROM neighbour n JOIN building b ON b.place = n.place WHERE n.building IS NULL

-- point --
-- A door without a point takes that of a matched row of another source.
UPDATE household h SET point = ST_Point(lon, lat, 4326), position_method = 'unknown',
    position_accuracy_m = d.accuracy_m
FROM pointed d WHERE h.code = d.code AND h.point IS NULL AND h.status = 'active'

-- pointed --
SELECT f.code, e.lon, e.lat, e.accuracy_m
FROM found f
JOIN entry e ON e.row_number = f.row_number AND e.lon IS NOT NULL
JOIN household h ON h.code = f.code AND h.lon IS NULL
WHERE f.outcome = 'linked'
QUALIFY row_number() OVER (PARTITION BY f.code ORDER BY f.row_number) = 1

-- revive --
UPDATE household SET status = 'active'
WHERE status = 'retired' AND code IN (SELECT code FROM revived)

-- revive_buildings --
UPDATE household b SET status = 'active'
WHERE b.kind = 'building' AND b.status = 'retired' AND b.code IN (
    SELECT h.parent_code FROM household h JOIN revived r USING (code))

-- retire --
UPDATE household SET status = 'retired' WHERE code IN (SELECT code FROM retired)

-- retire_buildings --
UPDATE household b SET status = 'retired'
WHERE b.kind = 'building' AND b.status = 'active'
    AND b.code IN (
        SELECT h.parent_code FROM household h JOIN retired r USING (code)
        WHERE h.parent_code IS NOT NULL)
    AND NOT EXISTS (
        SELECT FROM household h
        WHERE h.parent_code = b.code AND h.status IN ('active', 'proposed', 'reserved'))

-- use --
-- Add uses from other lists or rows to a door; its dwelling and its other uses are kept.
UPDATE household h SET uses = m.uses, households_count = CASE
    WHEN h.kind = 'household' AND m.uses @> '[{"use": "dwelling"}]'
        THEN greatest(h.households_count, n.households, 1)
    ELSE h.households_count END
FROM used n CROSS JOIN LATERAL (
    SELECT jsonb_agg(u.use ORDER BY u.place) AS uses
    FROM (
        SELECT e.use, min(e.place) AS place
        FROM jsonb_array_elements(
            coalesce((SELECT uses FROM household WHERE code = n.code), '[{"use": "dwelling"}]')
            || n.uses) WITH ORDINALITY e (use, place)
        GROUP BY e.use ORDER BY place LIMIT 500
    ) u
) m
WHERE h.code = n.code AND h.status = 'active' AND h.uses IS DISTINCT FROM m.uses
    AND (writable_units() IS NULL OR h.unit_id = ANY (writable_units()))

-- used --
SELECT f.code, max(e.households)::INTEGER AS households,
    '[' || array_to_string(list_sort(list(DISTINCT e.use))[:50], ', ') || ']' AS uses
FROM found f
JOIN (
    SELECT *, coalesce(uses_read[2:-2], '{"use": "dwelling"}') AS use FROM entry
) e ON e.row_number = f.row_number
JOIN household h ON h.code = f.code AND (
    e.uses_read IS NOT NULL OR NOT (is_lived_in(h.uses) OR is_kept_unlived(e.uses, e.uses_read, h.uses)))
-- The other rows of a record rewritten by its own row still count.
WHERE f.outcome = 'linked' OR f.code IN (SELECT code FROM addressed WHERE NOT is_new)
GROUP BY f.code

-- count --
-- Later corrections are kept: a count is lowered only if it was the number of references.
UPDATE household h SET households_count = greatest(s.now, s.stated, 1)
FROM counted s
WHERE h.code = s.code AND h.status = 'active'
    AND (h.uses IS NULL OR h.uses @> '[{"use": "dwelling"}]')
    AND (writable_units() IS NULL OR h.unit_id = ANY (writable_units()))
    AND (s.now > s.before AND h.households_count < greatest(s.now, s.stated)
        OR s.now < s.before AND h.households_count = s.before
            AND greatest(s.now, s.stated, 1) < s.before)

-- refs_before --
SELECT $import_id AS import_id, source_ref, was_linked, was_shares, was_row_hash,
    was_vanished_import_id
FROM ref_changed

-- changed_refs --
SELECT source_ref, linked, shares, row_hash, vanished_import_id FROM ref_changed
ORDER BY source_ref

-- update_refs --
UPDATE household_ref r SET linked = n.linked, shares = n.shares, row_hash = n.row_hash,
    vanished_import_id = n.vanished_import_id
FROM changed_ref n WHERE r.source = :source AND r.source_ref = n.source_ref

-- new_refs --
-- In any other order, each row would touch a different page of the index of codes.
SELECT $source AS source, ref, code, $import_id AS import_id, linked, shares, row_hash
FROM ref_new ORDER BY code

-- registered_street --
-- with places: registered_street

-- registered_locality --
-- with places: registered_locality

-- street_alias --
-- with places: street_alias

-- locality_alias --
-- with places: locality_alias
