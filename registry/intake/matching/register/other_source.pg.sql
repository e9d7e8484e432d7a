-- Records that another source delivers too, for a full delivery.
-- columns: code VARCHAR
-- needs: full
SELECT DISTINCT o.code
FROM household_ref o JOIN household_ref r ON r.code = o.code AND r.source = %(source)s
WHERE %(full)s AND o.source <> %(source)s AND o.vanished_import_id IS NULL
