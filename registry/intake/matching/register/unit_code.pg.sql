-- columns: unit_id INTEGER, code VARCHAR
-- needs: bound
SELECT id AS unit_id, code FROM admin_unit WHERE id = ANY (%(units)s::int[])
