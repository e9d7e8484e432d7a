-- References of the source that the file may name, by list or range, and those of the records in its
-- communes; all of them for a full delivery.
-- columns: source_ref VARCHAR, code VARCHAR, import_id BIGINT, linked BOOLEAN, shares BOOLEAN,
--   row_hash UUID, vanished_import_id BIGINT
SELECT source_ref, code, import_id, linked, shares, row_hash, vanished_import_id
FROM household_ref
WHERE source = %(source)s AND (%(refs)s::text[] IS NULL OR source_ref = ANY (%(refs)s::text[]))
    AND source_ref >= %(first)s AND (%(last)s::text IS NULL OR source_ref <= %(last)s)
UNION ALL
SELECT r.source_ref, r.code, r.import_id, r.linked, r.shares, r.row_hash, r.vanished_import_id
FROM household h JOIN household_ref r ON r.code = h.code AND r.source = %(source)s
WHERE %(last)s::text IS NOT NULL AND h.unit_id = ANY (%(units)s::int[])
    AND NOT (r.source_ref >= %(first)s AND r.source_ref <= %(last)s
        AND (%(refs)s::text[] IS NULL OR r.source_ref = ANY (%(refs)s::text[])))
