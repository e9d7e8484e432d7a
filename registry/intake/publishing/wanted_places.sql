-- The outermost missing localities that written rows name, each inside its registered outer one. A
-- nested place is (innermost … outermost); its outer place is the list without the innermost.

CREATE OR REPLACE TABLE wanted AS
WITH named AS (
    SELECT n.unit_id, n.former_id, n.first_row, p.place_keys[i:] AS keys,
        p.place_keys[i + 1:] AS outer_keys, p.place_names[i] AS name, p.place_kinds[i] AS kind
    FROM (
        SELECT n.*, unnest(range(1, len(p.place_keys) + 1)) AS i
        FROM named_place n JOIN place p ON p.at = n.at
    ) n
    JOIN place p ON p.at = n.at
)
SELECT DISTINCT ON (n.unit_id, n.former_id, n.keys) 'locality' AS class, n.unit_id, n.former_id,
    o.id AS parent_id,
    folded(n.keys[1]) AS key, nullif(split_part(n.keys[1], '~', 2), '') AS marks, n.name, n.kind
FROM named n
LEFT JOIN locality_path o ON o.unit_id = n.unit_id AND o.keys = n.outer_keys
    AND o.former_unit_id IS NOT DISTINCT FROM n.former_id
WHERE (o.id IS NOT NULL OR len(n.outer_keys) = 0) AND NOT EXISTS (
    FROM locality_path l WHERE l.unit_id = n.unit_id AND l.keys = n.keys
        AND l.former_unit_id IS NOT DISTINCT FROM n.former_id)
ORDER BY n.unit_id, n.former_id, n.keys, strlen(n.name) = length(n.name), n.kind = 'đường',
    n.first_row;
