SELECT id AS import, source, file_name, file_sha256, delivery, decision_number, state, counts,
    created_at AS at, published_event_id AS event, rolled_back_event_id AS rolled_back_by
FROM import
WHERE state IN ('published', 'rolled_back')
ORDER BY id
