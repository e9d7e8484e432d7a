-- Only records retired by an import are revived by one, not those retired manually, merged or split.
-- Records in the file's communes, or named by its references elsewhere.
-- columns: code VARCHAR
-- needs: household_ref or household
SELECT h.code
FROM household h
WHERE h.status = 'retired'
    AND (h.unit_id = ANY (%(units)s::int[]) OR h.code = ANY (%(codes)s::text[]))
    AND h.code IN (
        SELECT code FROM household_ref
        WHERE source = %(source)s AND vanished_import_id IS NOT NULL)
    AND NOT EXISTS (SELECT FROM succession_link s WHERE s.old_code = h.code)
    AND (SELECT e.kind FROM household_version v JOIN event e ON e.id = v.ended_by_event_id
        WHERE v.code = h.code AND v.status <> 'retired'
        ORDER BY v.valid_from DESC LIMIT 1) IN ('import', 'rollback')
