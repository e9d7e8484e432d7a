-- hold_idempotency_key --
SELECT pg_advisory_xact_lock(hashtextextended(
    'upload:' || CAST(:actor AS text) || ':' || CAST(:key AS text), 0))

-- delivered_before --
SELECT i.id, i.file_sha256, i.source, i.delivery, i.decision_number, w.request
FROM import_work w JOIN import i ON i.id = w.import_id
WHERE w.actor = :actor AND w.idempotency_key = :key

-- repeated_deliveries --
SELECT i.id FROM import i JOIN import_work w ON w.import_id = i.id
WHERE i.source = :source AND i.file_sha256 = :sha256 AND w.actor = :actor AND i.id < :id
    AND i.state IN ('reported', 'failed')
FOR UPDATE OF i SKIP LOCKED

-- insert_import --
INSERT INTO import (source, file_name, file_sha256, delivery, decision_number, state)
VALUES (:source, :name, :sha256, :delivery, :decision, 'staged') RETURNING id

-- insert_work --
INSERT INTO import_work (import_id, actor, key_id, unit_ids, request, size_bytes,
    idempotency_key, asked_by, asked_key_id, phase, files_until)
VALUES (:id, :actor, :key_id, CAST(:units AS integer[]), CAST(:request AS jsonb), :size,
    :key, :actor, :key_id, 'waiting', clock_timestamp() + make_interval(days => :days))

-- columns --
i.id, i.state, i.published_event_id, i.file_name, coalesce(w.verdict, 0), w.phase,
coalesce(w.rows_done, 0), w.problem, w.asked_by, w.asked_key_id, w.files_until, i.source,
i.delivery, i.decision_number, i.counts, i.created_at, p.occurred_at, r.occurred_at, w.actor,
coalesce(w.request, '{}'), w.size_bytes

-- views --
import i
LEFT JOIN import_work w ON w.import_id = i.id
LEFT JOIN event p ON p.id = i.published_event_id
LEFT JOIN event r ON r.id = i.rolled_back_event_id

-- is_seen --
(CAST(:units AS integer[]) IS NULL OR w.unit_ids && CAST(:units AS integer[])
    OR w.actor = :actor)

-- imports --
SELECT {columns} FROM {views}
WHERE {is_seen} AND (CAST(:source AS text) IS NULL OR i.source = :source)
    AND (CAST(:state AS text) IS NULL OR i.state = :state)
    AND (CAST(:before AS bigint) IS NULL OR i.id < :before)
ORDER BY i.id DESC LIMIT :limit

-- import_seen --
SELECT {columns} FROM {views} WHERE i.id = :id AND {is_seen}

-- units_outside --
SELECT u.code FROM import_work w JOIN admin_unit u ON u.id = ANY (w.unit_ids)
WHERE w.import_id = :id AND w.actor <> :actor AND u.id <> ALL (CAST(:units AS integer[]))
ORDER BY u.code LIMIT 20

-- any_import --
SELECT {columns} FROM {views} WHERE i.id = :id

-- problem_columns --
row_number, field, code, severity, value, proposed_fix

-- examples --
SELECT p.row_number, p.field, p.code, p.severity, p.value, p.proposed_fix
FROM unnest(CAST(:codes AS text[])) c (code)
CROSS JOIN LATERAL (
    SELECT {problem_columns} FROM import_problem
    WHERE import_id = :id AND code = c.code ORDER BY row_number LIMIT :most
) p

-- problems --
SELECT id, {problem_columns} FROM import_problem
WHERE import_id = :id AND (CAST(:only AS text) IS NULL OR code = :only)
    AND (code, row_number, id) > (:code, :row, :number)
ORDER BY code, row_number, id LIMIT :limit

-- imports_needing_file --
SELECT i.id FROM import i LEFT JOIN import_work w ON w.import_id = i.id
WHERE i.id = ANY(CAST(:ids AS bigint[]))
    AND (i.state IN ('staged', 'reported', 'publishing', 'failed') OR w.phase IS NOT NULL)

-- keep_counts --
-- Cells edited meanwhile need another dry run.
UPDATE import SET counts = CAST(:counts AS jsonb),
    state = CASE WHEN :edits = (SELECT coalesce(sum(version), 0) FROM import_edit
        WHERE import_id = :id) THEN 'reported' ELSE 'staged' END
WHERE id = :id AND state IN ('staged', 'publishing')
RETURNING state

-- wait_again --
UPDATE import_work SET phase = 'waiting', rows_done = 0 WHERE import_id = :id
RETURNING asked_by, asked_key_id

-- hold_import --
SELECT id FROM import WHERE id = :id FOR UPDATE

-- edited_cells --
SELECT place, "column", value, version, edited_by FROM import_edit
WHERE import_id = :id ORDER BY place, "column"

-- edit_cells --
INSERT INTO import_edit AS e (import_id, place, "column", value, edited_by)
SELECT :id, place, "column", value, :actor
FROM unnest(CAST(:places AS bigint[]), CAST(:columns AS integer[]), CAST(:values AS text[]))
    n (place, "column", value)
ON CONFLICT (import_id, place, "column") DO UPDATE SET value = excluded.value,
    version = e.version + 1, edited_by = excluded.edited_by, edited_at = clock_timestamp()

-- rest_waiting --
SELECT max(id) FROM import
WHERE source = :source AND file_name = :name AND state IN ('staged', 'reported', 'failed')

-- stage_problems --
CREATE TEMPORARY TABLE found (row_number bigint, field text, code text, severity text,
    value text, proposed_fix text) ON COMMIT DROP

-- insert_problems --
INSERT INTO import_problem (import_id, row_number, field, code, severity, value, proposed_fix)
SELECT :id, * FROM found
