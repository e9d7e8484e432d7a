-- in: registered_locality. out: locality_path, each with the keys of its outer localities.
-- needs: named_place
CREATE OR REPLACE TABLE locality_path AS
WITH RECURSIVE path AS (
    SELECT id, unit_id, former_unit_id, [own_key] AS keys FROM registered_locality WHERE parent_id IS NULL
    UNION ALL
    SELECT l.id, l.unit_id, l.former_unit_id, list_prepend(l.own_key, p.keys)
    FROM path p JOIN registered_locality l ON l.parent_id = p.id
        AND l.former_unit_id IS NOT DISTINCT FROM p.former_unit_id
)
FROM path;
