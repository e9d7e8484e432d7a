-- create_stale_names --
CREATE TEMPORARY TABLE stale (
    class text COLLATE "C", kind text COLLATE "C", name text COLLATE "C", stale text COLLATE "C",
    today text COLLATE "C"
) ON COMMIT DROP

-- stage_names --
INSERT INTO stale VALUES (:class, :kind, :name, :stale, :today)

-- is_stale --
t.class = s.class AND t.kind = s.kind AND t.name = s.name AND t.key = s.stale

-- share_keys --
-- Places that must have distinct keys.
o.class = t.class AND o.unit_id = t.unit_id
    AND o.former_unit_id IS NOT DISTINCT FROM t.former_unit_id
    AND o.parent_id IS NOT DISTINCT FROM t.parent_id

-- write_places --
-- Of several places with one new key the first gets it. The previous step may have freed a key.
WITH wanted AS (
    SELECT t.*, s.today, s.today || coalesce('{apart}' || t.marks, '') AS own
    FROM place t JOIN stale s ON {is_stale} WHERE t.merged_into_id IS NULL
), free AS (
    SELECT t.id, t.today FROM wanted t
    WHERE NOT EXISTS (SELECT FROM place o WHERE o.own_key = t.own AND {share_keys})
        AND NOT EXISTS (SELECT FROM wanted o WHERE o.own = t.own AND o.id < t.id AND {share_keys})
)
UPDATE place t SET key = f.today FROM free f WHERE t.id = f.id

-- forget_kept --
-- The trigger kept the old key as a former name, but no text gives that key any more.
DELETE FROM place_alias t USING stale s
WHERE {is_stale} AND t.event_id = current_event_id()

-- left --
SELECT t.kind, t.name, u.code FROM place t JOIN stale s ON {is_stale}
JOIN admin_unit u ON u.id = t.unit_id WHERE t.merged_into_id IS NULL ORDER BY u.code, t.id

-- write_former_names --
UPDATE place_alias t SET key = s.today FROM stale s
WHERE {is_stale} AND NOT EXISTS (
    SELECT FROM place_alias o WHERE o.named_id = t.named_id AND o.key = s.today)

-- create_stale_buildings --
CREATE TEMPORARY TABLE stale (
    building_name text COLLATE "C", stale text COLLATE "C", today text COLLATE "C"
) ON COMMIT DROP

-- stage_buildings --
INSERT INTO stale VALUES (:building_name, :stale, :today)

-- write_buildings --
-- Any number of households may have one key.
UPDATE household t SET building_key = s.today FROM stale s
WHERE t.building_name = s.building_name AND t.building_key = s.stale

-- create_stale_floors --
CREATE TEMPORARY TABLE stale (
    floor text COLLATE "C", stale text COLLATE "C", today text COLLATE "C"
) ON COMMIT DROP

-- stage_floors --
INSERT INTO stale VALUES (:floor, :stale, :today)

-- write_floors --
UPDATE household t SET floor = s.today FROM stale s WHERE t.floor = s.floor AND t.floor = s.stale

-- create_stale_uses --
CREATE TEMPORARY TABLE stale (
    name text COLLATE "C", stale text COLLATE "C", today text COLLATE "C"
) ON COMMIT DROP

-- stage_uses --
INSERT INTO stale VALUES (:name, :stale, :today)

-- write_uses --
-- The record has the list; its trigger writes household_use anew.
UPDATE household t SET uses = (
    SELECT jsonb_agg(CASE WHEN s.today IS NULL THEN u.use
        ELSE u.use || jsonb_build_object('key', s.today) END ORDER BY u.place)
    FROM jsonb_array_elements(t.uses) WITH ORDINALITY u (use, place)
    LEFT JOIN stale s ON s.name = u.use ->> 'name' AND s.stale = u.use ->> 'key')
WHERE t.code IN (
    SELECT h.code FROM household_use h JOIN stale s ON h.name = s.name AND h.name_key = s.stale)

-- doubles --
WITH written AS (
    SELECT code, unit_id, {door_hash} AS door FROM household
    WHERE event_id = current_event_id() AND status IN ('proposed', 'active')
        AND (house_number_key IS NOT NULL OR unit_number IS NOT NULL)
), door AS (
    SELECT code, {door_hash} AS door FROM household
    WHERE unit_id IN (SELECT unit_id FROM written) AND status IN ('proposed', 'active')
)
SELECT DISTINCT w.code FROM written w JOIN door d ON d.door = w.door AND d.code <> w.code
ORDER BY w.code
