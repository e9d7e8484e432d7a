-- settle_pending --
UPDATE pending_operation
SET state = :state, decided_by = :name, decided_key_id = :key, decided_at = clock_timestamp(),
    word = :word, event_id = :event
WHERE id = :id

-- metres_moved --
-- From the point as others left it: own steps add up, and an own accuracy widens nothing. What two
-- decided counts as others'. A point that others have not seen counts from where it first was.
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
-- A record is proposed once at most: nothing leads back there.
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
