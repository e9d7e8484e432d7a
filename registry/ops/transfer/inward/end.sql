-- New ids continue after the transferred ones.
SELECT setval(pg_get_serial_sequence(t.name, 'id'), t.last)
FROM (
    SELECT 'event' AS name, max(id) AS last FROM event
    UNION ALL SELECT 'place', max(id) FROM (
        SELECT id FROM place UNION ALL SELECT id FROM place_version) known
    UNION ALL SELECT 'plate', max(id) FROM plate
    UNION ALL SELECT 'import', max(id) FROM import
    UNION ALL SELECT 'field_report', max(id) FROM field_report
    UNION ALL SELECT 'reform', max(id) FROM reform
) t WHERE t.last IS NOT NULL;
ALTER TABLE household_ref ENABLE TRIGGER household_ref_1_check_insert;
ALTER TABLE code_key ENABLE TRIGGER code_key_fixed;
SELECT analyse_register();
ANALYZE household_version;
