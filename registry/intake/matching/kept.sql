-- Parts of known records that a repeated delivery must not overwrite. A street may have been corrected
-- or a point measured, while the next delivery still has the old values. A value unchanged since the
-- source's previous imports does not overwrite a later change by others. New values are taken, except
-- a point over one measured at the door, with a warning. A row without a point removes none.

-- When the source's own imports last set each part, and whether it was changed since (`over`).
CREATE TABLE last_delivered AS
WITH part_value AS (
    SELECT code, since, own, unnest([
        {'part': 'address', 'value': hash(unit_id, former_unit_id, street_id, locality_id,
            house_number, house_number_key, building_name, building_key, floor, unit_number)},
        {'part': 'position', 'value': hash(lon, lat)},
        {'part': 'households', 'value': hash(households_count)},
        -- each plain column: {{'part': '{name}', 'value': hash({name})}},
        {'part': 'hint', 'value': hash(delivery_hint)}
    ], recursive := true)
    FROM past
), changed AS (
    SELECT * FROM part_value
    WINDOW w AS (PARTITION BY code, part ORDER BY since)
    QUALIFY value IS DISTINCT FROM lag(value) OVER w
), latest AS (
    SELECT code, part, max(since) FILTER (own) AS since, max(since) AS last_change
    FROM changed GROUP BY code, part
)
SELECT l.part, l.since < l.last_change AS over, p.*
FROM latest l JOIN past p ON p.code = l.code AND p.since = l.since;

INSERT INTO kept
SELECT row_number, code, address, position OR measured AS position, households,
    -- each plain column: {name},
    hint,
    measured AND NOT position AS measured_kept
FROM (
    SELECT d.row_number, h.code,
        coalesce(a.over AND (a.unit_id = d.unit_id OR h.unit_id = d.unit_id)
            AND row(a.street_key, a.place_key, a.house_number_key, a.building_key, a.floor,
                a.unit_number)
            IS NOT DISTINCT FROM row(d.street_key, d.place_keys[1], d.number_key, d.building_key,
                d.storey, d.flat), false) AS address,
        coalesce(d.lon IS NULL
            OR p.over AND row(d.lon, d.lat) IS NOT DISTINCT FROM row(p.lon, p.lat), false)
            AS position,
        coalesce(p.over AND h.position_method IN ('survey', 'gps'), false)
            AND row(d.lon, d.lat) IS DISTINCT FROM row(h.lon, h.lat) AS measured,
        coalesce(n.over AND n.households_count = households_of(d.uses_read, greatest(d.households, s.stated), s.now), false)
            AS households,
        -- each plain column: coalesce({name}.over AND d.{name}_read = {name}.{name}, false) AS {name},
        coalesce(i.over AND d.hint IS NOT DISTINCT FROM i.delivery_hint, false) AS hint
    FROM known k
    JOIN door d ON d.row_number = k.row_number
    JOIN household h ON h.code = k.code
    LEFT JOIN shared s ON s.row_number = d.row_number
    LEFT JOIN last_delivered a ON a.code = k.code AND a.part = 'address'
    LEFT JOIN last_delivered p ON p.code = k.code AND p.part = 'position'
    LEFT JOIN last_delivered n ON n.code = k.code AND n.part = 'households'
    -- each plain column: LEFT JOIN last_delivered {name} ON {name}.code = k.code AND {name}.part = '{name}'
    LEFT JOIN last_delivered i ON i.code = k.code AND i.part = 'hint'
    WHERE NOT k.same AND NOT k.linked
        AND (d.lon IS NULL OR k.code IN (SELECT code FROM past))
)
WHERE address OR position OR measured OR households
    -- each plain column: OR {name}
    OR hint;
-- needs: kept
INSERT INTO problem (row_number, field, code, severity, value, proposed_fix)
SELECT p.row_number, 'longitude', 'measured_position_kept', 'warning',
    concat_ws(' ', e.longitude, e.latitude),
    concat_ws(' ', CAST(h.lon AS DECIMAL(9, 6)), CAST(h.lat AS DECIMAL(9, 6)))
FROM kept p
JOIN entry e ON e.row_number = p.row_number
JOIN household h ON h.code = p.code
WHERE p.measured_kept ORDER BY p.row_number;
