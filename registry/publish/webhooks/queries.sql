-- lock_listening --
-- A writer that moves events into the feed tries this lock, and keeps it until its commit.
SELECT pg_advisory_lock(:lock), set_config('lock_timeout', '0', false)
FROM set_config('lock_timeout', '2s', false)

-- claim_due --
-- The fourth part of a cursor is the serial up to which units were read.
UPDATE webhook w SET due_at = clock_timestamp() + make_interval(secs => :claimed)
FROM (
    SELECT id FROM webhook
    WHERE state = 'active' AND (due_at <= clock_timestamp()
            OR due_at > clock_timestamp() + interval '2 days') -- by a clock that was ahead
        AND id <> ALL (CAST(:besides AS bigint[]))
        AND (caught_up < (SELECT coalesce(max(position), 0) FROM feed)
            OR CAST(substring(split_part(cursor, '.', 4) FROM '^[0-9]+') AS bigint)
                < (SELECT serial FROM unit_told_state))
    ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
) due
WHERE w.id = due.id
RETURNING w.id, w.key_id, w.url, w.kinds, w.codes, w.demo, w.cursor, w.caught_up, w.round,
    w.secret,
    CASE WHEN w.previous_until > clock_timestamp() THEN w.previous_secret END AS previous,
    ARRAY (SELECT unit_id FROM webhook_unit u WHERE u.webhook_id = w.id) AS units

-- webhook --
SELECT id, url, cursor, secret,
    CASE WHEN previous_until > clock_timestamp() THEN previous_secret END AS previous
FROM webhook WHERE id = :id

-- move_cursor --
UPDATE webhook SET cursor = :cursor, caught_up = :caught_up, attempts = 0,
    failing_since = NULL, last_outcome = coalesce(CAST(:outcome AS text), last_outcome),
    due_at = clock_timestamp() + make_interval(secs => :claimed)
WHERE id = :id

-- note_failure --
UPDATE webhook SET attempts = :attempts, last_outcome = :outcome,
    failing_since = coalesce(failing_since, clock_timestamp()),
    state = CASE WHEN :over AND state = 'active' THEN 'dead' ELSE state END,
    due_at = clock_timestamp() + CAST(:pause AS interval)
WHERE id = :id RETURNING due_at

-- give_up --
UPDATE webhook SET state = 'dead', last_outcome = :why,
    failing_since = coalesce(failing_since, clock_timestamp())
WHERE id = :id

-- insert_delivery --
INSERT INTO webhook_delivery
    (webhook_id, message, kind, behind, entries, attempt, took_ms, status, outcome, given_up)
VALUES (:id, :message, :kind, :behind, :entries, :attempt, :took, :status, :outcome, :given_up)

-- forget_deliveries --
DELETE FROM webhook_delivery
WHERE NOT given_up AND sent_at < clock_timestamp() - make_interval(days => :days)

-- insert_webhook --
INSERT INTO webhook
    (key_id, url, note, kinds, codes, demo, secret, cursor, caught_up, state)
VALUES (:key, :url, :note, CAST(:kinds AS text[]), :codes, :demo, :secret, :cursor, :position,
    :state)
RETURNING id

-- webhooks --
SELECT w.id, k.name AS key, w.url, w.note, ARRAY (
        SELECT u.code FROM webhook_unit b JOIN admin_unit u ON u.id = b.unit_id
        WHERE b.webhook_id = w.id ORDER BY u.code) AS units,
    w.codes, w.kinds, w.demo, w.state, w.cursor,
    coalesce((SELECT max(position) FROM feed), 0) AS behind, w.attempts, w.failing_since,
    w.last_outcome, w.due_at, w.created_at, w.previous_until
FROM webhook w JOIN api_key k ON k.id = w.key_id
WHERE (:all OR w.key_id = :key) AND (CAST(:id AS bigint) IS NULL OR w.id = :id)
ORDER BY w.id

-- change_webhook --
-- A resumed webhook is tried at once, as if it had not failed.
UPDATE webhook SET url = coalesce(CAST(:url AS text), url),
    note = coalesce(CAST(:note AS text), note),
    kinds = coalesce(CAST(:kinds AS text[]), kinds),
    codes = CASE WHEN :listed THEN CAST(:codes AS integer) ELSE codes END,
    demo = coalesce(CAST(:demo AS boolean), demo),
    state = coalesce(CAST(:state AS text), state),
    attempts = 0, failing_since = NULL, due_at = clock_timestamp()
WHERE id = :id

-- rotate_secret --
UPDATE webhook SET previous_secret = secret, secret = :secret,
    previous_until = clock_timestamp() + CAST(:overlap AS interval)
WHERE id = :id

-- replay --
UPDATE webhook SET cursor = :cursor, caught_up = :position, state = 'active',
    round = round + 1, attempts = 0, failing_since = NULL, due_at = clock_timestamp()
WHERE id = :id

-- deliveries --
SELECT id, message, kind, behind, entries, attempt, sent_at, took_ms, status, outcome, given_up
FROM webhook_delivery
WHERE webhook_id = :id AND (CAST(:before AS bigint) IS NULL OR id < :before)
ORDER BY id DESC LIMIT :limit

-- occurred_at --
SELECT e.occurred_at FROM feed f JOIN event e ON e.id = f.event_id
WHERE f.position = :position

-- codes_in_places --
WITH named AS (SELECT id FROM unnest(CAST(:ids AS bigint[])) p (id)),
inside AS (
    SELECT id AS outer_id, id FROM named
    UNION ALL
    SELECT n.id, l.id FROM named n
    JOIN place l ON l.parent_id IS NOT NULL AND l.outer_ids @> ARRAY[n.id]
)
SELECT p.outer_id, count(*), (array_agg(h.code ORDER BY h.code))[1 : CAST(:listed AS int)]
FROM {places} JOIN webhook_code w ON w.code = h.code AND w.webhook_id = :id
WHERE h.status IN ('proposed', 'active') AND NOT h.restricted GROUP BY 1

-- codes_in_streets --
-- with places: (SELECT id AS outer_id, id FROM named) p JOIN household h ON h.street_id = p.id
{codes_in_places}

-- codes_in_localities --
-- with places: inside p JOIN household h ON h.locality_id = p.id
{codes_in_places}

-- codes_in_units --
-- with places: (SELECT id AS outer_id, id FROM named) p JOIN household h ON h.unit_id = p.id
{codes_in_places}
