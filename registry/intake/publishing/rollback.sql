-- published --
SELECT source, state, published_event_id, (
        SELECT l.id FROM import l WHERE l.source = i.source AND l.state = 'published'
            AND l.published_event_id > i.published_event_id
        ORDER BY l.published_event_id DESC LIMIT 1) AS later
FROM import i WHERE id = :id FOR UPDATE

-- referred --
SELECT t.code, CASE WHEN u.refs THEN 'ref' WHEN u.plates THEN 'plate' ELSE 'other' END AS reason
FROM touched t
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM household_ref r WHERE r.code = t.code
            AND r.import_id IS DISTINCT FROM :id) AS refs,
        EXISTS (SELECT FROM plate p WHERE p.code = t.code) AS plates,
        EXISTS (SELECT FROM external_id x WHERE x.code = t.code
                AND x.import_id IS DISTINCT FROM :id)
            OR EXISTS (SELECT FROM certificate c WHERE c.code = t.code)
            OR EXISTS (SELECT FROM field_report f
                WHERE f.code = t.code AND f.state <> 'open')
            OR EXISTS (SELECT FROM succession_link s
                WHERE t.code IN (s.old_code, s.new_code)) AS others
) u
WHERE t.made AND (u.refs OR u.plates OR u.others)

-- kept --
-- One row for each record used since: a change is a better reason than a reference.
CREATE TEMPORARY TABLE kept ON COMMIT DROP AS
SELECT code, coalesce(min(reason) FILTER (WHERE later), min(reason)) AS reason,
    bool_or(later) AS later
FROM (
    SELECT s.code, concat('#', e.id, ' ', e.kind, ' ', to_char(e.occurred_at, 'DD/MM/YYYY'),
        ', đợt nhập ' || (e.scope->>'import')) AS reason, true AS later
    FROM changed_since s JOIN event e ON e.id = s.event_id
    UNION ALL
    SELECT code, reason, false FROM ({referred}) r
) built_on
GROUP BY code

-- built_on --
SELECT count(*) FILTER (WHERE later),
    string_agg(DISTINCT reason, '; ') FILTER (WHERE later),
    count(*) FILTER (WHERE reason = 'ref'), count(*) FILTER (WHERE reason = 'plate'),
    count(*) FILTER (WHERE reason = 'other'), min(code) FROM kept

-- keep --
-- A building is kept as long as one of its records.
INSERT INTO kept (code, reason, later)
SELECT DISTINCT b.code, 'building', false
FROM kept k
JOIN household h ON h.code = k.code
JOIN touched b ON b.code = h.parent_code AND b.made
WHERE NOT EXISTS (SELECT FROM kept o WHERE o.code = b.code);
DELETE FROM touched t USING kept k WHERE k.code = t.code

-- remove --
DELETE FROM household h USING touched t
WHERE h.kind = :kind AND t.code = h.code AND t.made

-- remove_refs --
DELETE FROM household_ref r WHERE r.import_id = :id
    AND NOT EXISTS (SELECT FROM kept k WHERE k.code = r.code)

-- remove_identifiers --
DELETE FROM external_id x WHERE x.import_id = :id
    AND NOT EXISTS (SELECT FROM kept k WHERE k.code = x.code)

-- restore_refs --
UPDATE household_ref r SET linked = b.linked, shares = b.shares, row_hash = b.row_hash,
    vanished_import_id = b.vanished_import_id
FROM household_ref_before b
WHERE b.import_id = :id AND r.source = :source AND r.source_ref = b.source_ref
    AND NOT EXISTS (SELECT FROM kept k WHERE k.code = r.code)

-- roll_back --
UPDATE import SET state = 'rolled_back', rolled_back_event_id = current_event_id() WHERE id = :id

-- elsewhere --
SELECT DISTINCT u.code
FROM touched t JOIN household h ON h.code = t.code JOIN admin_unit u ON u.id = h.unit_id
WHERE h.unit_id <> ALL ((SELECT writable_units())::integer[]) ORDER BY u.code

-- forget_refs --
DELETE FROM household_ref_before WHERE import_id = :id
