-- settle_pending --
UPDATE pending_operation
SET state = :state, decided_by = :name, decided_key_id = :key, decided_at = clock_timestamp(),
    word = :word, event_id = :event
WHERE id = :id

-- metres_moved --
-- From the point as other actors left it: the actor's own steps add up, and their own accuracy
-- allows nothing. A decision of two counts as others'. Without one, from the first point.
WITH states AS (
    SELECT v.valid_from, v.point, v.position_accuracy_m,
        e.actor <> :actor OR e.scope ? 'second_person' AS others
    FROM household_version v JOIN event e ON e.id = v.event_id
    WHERE v.code = :code AND v.status = 'active'
)
SELECT ST_Distance(CAST(h.point AS geography), CAST(s.point AS geography)) AS metres,
    s.position_accuracy_m AS accuracy_m
FROM states s JOIN household h ON h.code = :code
WHERE s.point IS NOT NULL AND s.valid_from >= coalesce(
    (SELECT max(valid_from) FROM states WHERE others), '-infinity')
ORDER BY s.valid_from LIMIT 1

-- link_succession --
INSERT INTO succession_link (old_code, new_code, kind)
SELECT :old, unnest(CAST(:new AS text[])), :kind

-- records_as_written --
SELECT {columns} FROM household h {joins} WHERE h.code = ANY (:codes)

-- proposed_by --
-- A record is proposed at most once: no operation returns to that status.
SELECT e.actor
FROM (
    SELECT event_id, recorded_at AS since FROM household
    WHERE code = :code AND status = 'proposed'
    UNION ALL
    SELECT event_id, valid_from FROM household_version
    WHERE code = :code AND status = 'proposed'
) s JOIN event e ON e.id = s.event_id
ORDER BY s.since LIMIT 1

-- keep_number --
INSERT INTO household_former_number
    (code, street_id, locality_id, house_number, house_number_key)
SELECT code, street_id, locality_id, house_number, house_number_key
FROM household WHERE code = :code

-- read_pending --
-- A record may have moved to another commune since.
SELECT p.id, p.operation, p.requests, p.seen, p.asked_by, p.asked_key_id, p.asked_at,
    p.expires_at, p.decided_by, p.decided_at, p.word, p.event_id, p.once,
    CASE WHEN p.state = 'waiting' AND p.expires_at <= clock_timestamp() THEN 'expired'
        ELSE p.state END AS state,
    EXISTS (SELECT FROM api_key k WHERE k.id = p.asked_key_id AND k.revoked_at IS NOT NULL)
        AS asker_revoked
FROM pending_operation p
WHERE p.operation = ANY (:known) AND (
    (CAST(:reach AS integer[]) IS NULL OR p.unit_ids && CAST(:reach AS integer[])) OR EXISTS (
        SELECT FROM household h
        WHERE h.code IN (SELECT jsonb_object_keys(p.seen)) AND h.unit_id = ANY (:reach)))

-- pending --
{read_pending} AND p.id = :id

-- lock_pending --
{read_pending} AND p.id = :id FOR UPDATE OF p

-- waiting --
{read_pending}
    AND p.state = 'waiting' AND p.expires_at > clock_timestamp() AND p.id > :after
    AND (CAST(:code AS text) IS NULL OR p.seen ? :code)
ORDER BY p.id LIMIT :limit

-- same_pending --
SELECT id FROM pending_operation
WHERE state = 'waiting' AND expires_at > clock_timestamp() AND asked_by = :name
    AND operation = :operation AND requests = :requests
ORDER BY id LIMIT 1

-- file_pending --
INSERT INTO pending_operation
    (operation, requests, seen, unit_ids, once, asked_by, asked_key_id, expires_at)
VALUES (:operation, :requests, :seen,
    ARRAY (SELECT id FROM admin_unit WHERE level = 'commune' AND code = ANY (:units)
        AND lifetime @> current_date ORDER BY id),
    :once, :name, :key, clock_timestamp() + make_interval(days => :days))
RETURNING id

-- states_of_records --
-- What a decision about a record depends on: not its verification, nor its count of households.
SELECT code, md5(CAST(ROW(status, unit_id, street_id, locality_id, house_number_key,
    building_key, floor, unit_number, parent_code, ST_AsText(point)) AS text)) AS state
FROM household WHERE code = ANY (:codes) ORDER BY code FOR UPDATE

-- doors --
-- Rows are locked in the order of their codes, as every operation locks them.
SELECT h.code FROM household h WHERE {where} AND h.status = ANY (:states) ORDER BY h.code FOR SHARE

-- doors_named --
h.code = ANY (:codes)

-- doors_of_street --
h.street_id = :id

-- doors_of_locality --
-- A locality numbers only the doors without a street.
h.locality_id = :id AND h.street_id IS NULL

-- issue_plates --
-- where doors_named, doors_of_street, doors_of_locality
WITH doors AS ({doors}), kept AS (
    UPDATE plate p SET issued_on = :day FROM doors d
    WHERE p.code = d.code AND p.issued_on IS NULL AND p.lost_on IS NULL RETURNING p.code
), made AS (
    INSERT INTO plate (code, issued_on)
    SELECT d.code, :day FROM doors d
    WHERE NOT EXISTS (SELECT FROM plate p WHERE p.code = d.code AND p.lost_on IS NULL)
    RETURNING code
) SELECT code FROM kept UNION ALL SELECT code FROM made

-- mount_plates --
-- where doors_named, doors_of_street, doors_of_locality
WITH doors AS ({doors})
UPDATE plate p SET mounted_on = :day FROM doors d
WHERE p.code = d.code AND p.issued_on <= :day AND p.mounted_on IS NULL AND p.lost_on IS NULL
RETURNING p.code

-- lose_plates --
-- where doors_named, doors_of_street, doors_of_locality
WITH doors AS ({doors})
UPDATE plate p SET lost_on = :day FROM doors d
WHERE p.code = d.code AND coalesce(p.mounted_on, p.issued_on) <= :day AND p.lost_on IS NULL
RETURNING p.code
