-- tables --
-- Tables of the register itself, without those of extensions and unlogged ones.
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relpersistence = 'p'
    AND c.relname <> :left_out
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
        AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.relname COLLATE "C"

-- any_object --
SELECT format('%s.%s', n.nspname, o.name)
FROM (
    SELECT relnamespace AS space, relname AS name, 'pg_class'::regclass AS class, oid
    FROM pg_class
    UNION ALL SELECT pronamespace, proname, 'pg_proc'::regclass, oid FROM pg_proc
) o JOIN pg_namespace n ON n.oid = o.space
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
    AND NOT EXISTS (SELECT FROM pg_depend d
        WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype IN ('e', 'i', 'a'))
    AND NOT EXISTS (SELECT FROM pg_index i JOIN pg_depend d
        ON d.classid = 'pg_class'::regclass AND d.objid = i.indrelid AND d.deptype = 'e'
        WHERE i.indexrelid = o.oid)
LIMIT 1

-- register_saved --
SELECT now(), i.uuid, v.version_num, o.last_value
FROM register_identity i, alembic_version v, code_ordinal o

-- extent --
SELECT (SELECT version_num FROM alembic_version),
    (SELECT count(*) FROM household), (SELECT count(*) FROM event),
    (SELECT coalesce(max(position), 0) FROM feed),
    (SELECT occurred_at FROM event WHERE id = (SELECT max(id) FROM event))

-- server_settings --
SELECT coalesce(current_setting('data_directory', true), '/…'),
    coalesce(current_setting('unix_socket_directories', true), '/…'),
    current_setting('port')

-- server --
SELECT current_setting('server_version_num')::int,
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
