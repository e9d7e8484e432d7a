-- has_more_rights --
-- NULL if there is no such role.
SELECT rolsuper OR pg_has_role(oid, :owner, 'MEMBER') FROM pg_roles WHERE rolname = :name

-- owner_may_create --
SELECT has_schema_privilege(:owner, 'public', 'CREATE')
    AND has_database_privilege(:owner, current_database(), 'CREATE')
