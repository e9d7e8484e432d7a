-- insert_certificate --
INSERT INTO certificate (number, code, unit_id, issued_on, label, event_id, document_number)
VALUES (:number, :code, :unit, :day, :label, :event, :document)
ON CONFLICT (number) DO NOTHING RETURNING number

-- read_certificates --
SELECT number, code, unit_id, issued_on, label, event_id, document_number, revoked_on, revoked_why
FROM certificate

-- certificate --
{read_certificates} WHERE number = :number

-- certificates --
{read_certificates} ORDER BY issued_on DESC, number LIMIT CAST(:limit AS int)

-- certificates_of_units --
{read_certificates} WHERE unit_id = ANY (CAST(:units AS int[]))
ORDER BY issued_on DESC, number LIMIT CAST(:limit AS int)

-- issuer --
SELECT c.unit_id, u.code FROM certificate c JOIN admin_unit u ON u.id = c.unit_id
WHERE number = :number

-- revoke_certificate --
UPDATE certificate SET revoked_on = :day, revoked_why = :why
WHERE number = :number AND revoked_on IS NULL RETURNING number

-- boundaries_around --
SELECT ST_AsGeoJSON(ST_SimplifyPreserveTopology(ST_Intersection(
    ST_Boundary(b.geom),
    ST_MakeEnvelope(CAST(:west AS float8), CAST(:south AS float8), CAST(:east AS float8),
        CAST(:north AS float8),
        4326)), CAST(:tolerance AS float8)))::json
FROM boundary b WHERE b.unit_id = ANY (CAST(:units AS int[])) AND NOT b.approximate

-- places_made --
SELECT id, unit_id, kind, name, NULL AS old_kind, NULL AS old_name FROM place
WHERE class = :class AND event_id = :event ORDER BY unit_id, id

-- places_renamed --
-- The name of a place after an event: that of its next ended state, or the current one.
SELECT v.id, n.unit_id, n.kind, n.name, v.kind AS old_kind, v.name AS old_name
FROM place_version v CROSS JOIN LATERAL (
    SELECT unit_id, kind, name FROM (
        (SELECT w.unit_id, w.kind, w.name, w.valid_to FROM place_version w
        WHERE w.id = v.id AND w.valid_to > v.valid_to ORDER BY w.valid_to LIMIT 1)
        UNION ALL
        SELECT p.unit_id, p.kind, p.name, 'infinity' FROM place p WHERE p.id = v.id
    ) s ORDER BY valid_to LIMIT 1
) n
WHERE v.class = :class AND v.ended_by_event_id = :event ORDER BY n.unit_id, v.id

-- places_numbered --
SELECT p.id, p.unit_id, p.kind, p.name, NULL AS old_kind, NULL AS old_name
FROM place p
WHERE p.class = :class AND p.id IN (
    SELECT CASE :class WHEN 'street' THEN h.street_id ELSE h.locality_id END
    FROM household_version h WHERE h.ended_by_event_id = :event)
ORDER BY p.unit_id, p.id

-- lines --
SELECT v.code, v.house_number_key AS old_key, v.house_number AS old, n.house_number_key AS key,
    n.house_number AS new, n.unit_id, ST_X(n.point) AS lon, ST_Y(n.point) AS lat
FROM household_version v CROSS JOIN LATERAL (
    SELECT house_number_key, house_number, unit_id, point
    FROM household h WHERE h.code = v.code AND h.event_id = :event
    UNION ALL
    SELECT house_number_key, house_number, unit_id, point
    FROM household_version h WHERE h.code = v.code AND h.event_id = :event
    LIMIT 1
) n
WHERE v.ended_by_event_id = :event AND NOT v.restricted

-- decidable --
-- The scope of an event lists places by id; of one that names a place, the commune.
SELECT e.id, e.kind, e.decision_number, e.occurred_at
FROM (SELECT * FROM event ORDER BY id DESC LIMIT 5000) e
WHERE e.kind = ANY (:kinds) AND (CAST(:reach AS integer[]) IS NULL
    OR EXISTS (SELECT FROM jsonb_array_elements(e.scope -> 'units') u (id)
        WHERE CAST(u.id AS integer) = ANY (:reach))
    OR EXISTS (SELECT FROM jsonb_array_elements(coalesce(e.scope -> 'streets', '[]')
            || coalesce(e.scope -> 'localities', '[]')) s (id)
        JOIN place p ON p.id = CAST(s.id AS bigint) WHERE p.unit_id = ANY (:reach)))
ORDER BY e.id DESC LIMIT :limit

-- doors --
-- where doors_of_street, doors_of_locality
SELECT code, ST_X(point) AS lon, ST_Y(point) AS lat, house_number_key AS key, house_number AS new
FROM household
WHERE {where} AND status = 'active' AND NOT restricted AND point IS NOT NULL

-- doors_of_street --
street_id = ANY (:ids)

-- doors_of_locality --
locality_id = ANY (:ids)

-- records --
-- where records_named, records_of_street, records_of_locality
SELECT {columns} FROM household h {joins} WHERE {where} AND h.status = ANY (:states)

-- records_named --
h.code = ANY (:codes)

-- records_of_street --
h.street_id = :id

-- records_of_locality --
-- Without a street, house numbers belong to the locality.
h.locality_id = :id AND h.street_id IS NULL
