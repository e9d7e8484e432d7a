-- columns --
id, state, NULL, file_name, 0, phase, done, problem, actor, key_id, files_until, operation, request,
rows_count, written_bytes, counts, created_at

-- insert_batch --
INSERT INTO batch (key_id, actor, operation, file_name, request)
VALUES (:key, :actor, :operation, :name, CAST(:request AS jsonb)) RETURNING id

-- batches --
SELECT {columns} FROM batch
WHERE key_id = :key AND (CAST(:id AS bigint) IS NULL OR id = :id) ORDER BY id DESC

-- any_batch --
SELECT {columns} FROM batch WHERE id = :id

-- note_rows --
UPDATE batch SET phase = 'answering', rows_count = :rows, done = :done, written_bytes = :written,
    counts = CAST(:counts AS jsonb)
WHERE id = :id

-- settle --
UPDATE batch SET state = :state, files_until = clock_timestamp() + CAST(:kept AS interval)
WHERE id = :id RETURNING request
