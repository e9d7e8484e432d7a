-- imports --
-- with kind: import
-- with work: import_work
-- with key: import_id
-- with argument: import_id
-- with done: rows_done
-- with verdicts: , verdict = verdict + :verdicts
-- with stamped: , changed_at = clock_timestamp()
-- with first: actor, size_bytes
-- with first_values: 'operator', 0

-- reforms --
-- with kind: reform
-- with work: reform_work
-- with key: reform_id
-- with argument: reform_id
-- with done: done
-- with verdicts: , verdict = verdict + :verdicts
-- with stamped:
-- with first: file_name, task
-- with first_values: '', 'try'

-- batches --
-- with kind: batch
-- with work: batch
-- with key: id
-- with argument: batch_id
-- with done: done
-- with verdicts:
-- with stamped:

-- hold --
-- A publishing job keeps the lock until it ends: do not wait for it.
-- by imports, reforms
SELECT id FROM {kind} WHERE id = :id FOR UPDATE SKIP LOCKED

-- hand_over --
-- One of the command line gets its row with the first request over HTTP.
-- by imports, reforms
INSERT INTO {work} ({key}, {first}, phase, asked_by, asked_key_id)
VALUES (:id, {first_values}, :phase, :actor, :key_id)
ON CONFLICT ({key}) DO UPDATE SET phase = excluded.phase, asked_by = excluded.asked_by,
    asked_key_id = excluded.asked_key_id, problem = NULL, {done} = 0{stamped}

-- note_progress --
-- by imports, reforms, batches
UPDATE {work} SET phase = coalesce(:phase, phase), {done} = greatest({done}, :done){stamped}
WHERE {key} = :id

-- end_work --
-- by imports, reforms, batches
UPDATE {work} SET phase = NULL, problem = CAST(:problem AS jsonb){verdicts}{stamped}
WHERE {key} = :id

-- over --
-- by imports, reforms, batches
SELECT s.id, s.state FROM {kind} s JOIN {work} w ON w.{key} = s.id
WHERE w.files_until < clock_timestamp() AND s.state NOT IN ('staged', 'publishing')
    AND w.phase IS NULL
FOR UPDATE OF s SKIP LOCKED

-- drop_files --
-- by imports, reforms, batches
UPDATE {work} SET phase = NULL, files_until = NULL{stamped} WHERE {key} = :id

-- without_files --
-- by imports, reforms, batches
SELECT {key} FROM {work} WHERE files_until IS NULL AND {key} = ANY (:ids)

-- lost --
-- by imports, reforms, batches
SELECT s.id, s.state FROM {kind} s JOIN {work} w ON w.{key} = s.id
WHERE w.phase IS NOT NULL AND NOT EXISTS (
    SELECT FROM jobs.procrastinate_jobs j
    WHERE j.status IN ('todo', 'doing') AND CAST(j.args->>'{argument}' AS bigint) = s.id)
