-- latest --
SELECT l.id, l.counts, l.published_event_id AS event
FROM import i
JOIN import l ON l.source = i.source AND l.file_sha256 = i.file_sha256
    AND l.delivery = i.delivery AND l.state = 'published'
JOIN event e ON e.id = l.published_event_id AND e.scope->>'reading' = :reading
WHERE i.id = :import_id AND NOT EXISTS (
    SELECT FROM import o
    WHERE o.source = i.source AND o.published_event_id > l.published_event_id)

-- is_touched --
SELECT EXISTS (
    SELECT FROM household_version v JOIN household_ref r ON r.code = v.code
    WHERE v.ended_by_event_id > :event AND r.source = :source)
