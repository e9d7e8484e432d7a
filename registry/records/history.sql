-- then --
-- with at: CAST(:at AS timestamptz)
-- with ended: true
SELECT {columns_at} FROM {household_then} h
{places_at}

-- then_each --
-- with at: m.at
-- with ended: true
SELECT {columns_at}
FROM unnest(CAST(:moments AS timestamptz[])) WITH ORDINALITY m (at, rank)
LEFT JOIN LATERAL {household_then} h ON true
{places_at}
ORDER BY m.rank

-- household_then --
-- If two of its versions overlap (clock set back), the later one.
(
    SELECT * FROM (
        SELECT code, recorded_at AS since, {state} FROM household
        WHERE code = :code AND recorded_at <= {at}
        UNION ALL
        SELECT code, valid_from, {state} FROM household_version
        WHERE code = :code AND valid_from <= {at} AND valid_to > {at}
    ) s ORDER BY since DESC LIMIT 1
)

-- steps --
-- When the record, or a street or locality that it was in at that time, changed.
WITH states AS (
    SELECT recorded_at AS first, 'infinity'::timestamptz AS until, event_id, street_id,
        locality_id, NULL::bigint AS removed_by
    FROM household WHERE code = :code
    UNION ALL
    SELECT valid_from, valid_to, event_id, street_id, locality_id, ended_by_event_id
    FROM household_version WHERE code = :code
), around AS (
    SELECT DISTINCT s.first, s.until, p.id
    FROM states s CROSS JOIN LATERAL (
        WITH RECURSIVE up AS (
            SELECT s.locality_id AS id
            UNION
            SELECT p.parent_id FROM up CROSS JOIN LATERAL (
                SELECT v.parent_id FROM place_version v WHERE v.id = up.id
                UNION SELECT c.parent_id FROM place c WHERE c.id = up.id
            ) p WHERE p.parent_id IS NOT NULL
        ) SELECT id FROM up UNION SELECT s.street_id
    ) p WHERE p.id IS NOT NULL
), moments AS (
    SELECT first AS at, event_id FROM states
    UNION
    -- A removed record ends by an event that wrote no version of it.
    SELECT until, removed_by FROM states s WHERE removed_by IS NOT NULL
        AND NOT EXISTS (SELECT FROM states n WHERE n.first = s.until)
    UNION
    SELECT v.valid_to, v.ended_by_event_id
    FROM around a JOIN place_version v
        ON v.id = a.id AND v.valid_to > a.first AND v.valid_to < a.until
    UNION
    -- A record into which others were merged may be unchanged.
    SELECT e.occurred_at, e.id FROM succession_link s JOIN event e ON e.id = s.event_id
    WHERE s.new_code = :code
)
SELECT max(m.at), m.event_id, e.kind, e.actor, e.reason, e.decision_number,
    (e.scope -> 'reports' ->> 0)::bigint,
    ARRAY(SELECT new_code FROM succession_link s
        WHERE s.old_code = :code AND s.event_id = m.event_id ORDER BY new_code),
    ARRAY(SELECT old_code FROM succession_link s
        WHERE s.new_code = :code AND s.event_id = m.event_id ORDER BY old_code)
FROM moments m LEFT JOIN event e ON e.id = m.event_id
-- One step per event: states in between were never visible. Without an event, one per moment.
GROUP BY m.event_id, CASE WHEN m.event_id IS NULL THEN m.at END,
    e.kind, e.actor, e.reason, e.decision_number, e.scope -> 'reports' ->> 0
ORDER BY 1
