-- imports --
SELECT i.id, i.source, i.file_name, i.delivery, i.state, i.decision_number, i.created_at,
    p.occurred_at, r.occurred_at, i.counts
FROM import i
LEFT JOIN event p ON p.id = i.published_event_id
LEFT JOIN event r ON r.id = i.rolled_back_event_id
WHERE i.state <> 'staged' AND (CAST(:source AS text) IS NULL OR i.source = :source)
ORDER BY i.id DESC
