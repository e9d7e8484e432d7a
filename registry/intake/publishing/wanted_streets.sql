-- Missing streets that written rows name. Prefer a name with diacritics over one without, and a
-- stated kind over đường, the default.

CREATE OR REPLACE TABLE wanted AS
SELECT DISTINCT ON (n.unit_id, n.former_id, s.street_key) 'street' AS class, n.unit_id,
    n.former_id, NULL::BIGINT AS parent_id, folded(s.street_key) AS key,
    nullif(split_part(s.street_key, '~', 2), '') AS marks, s.street_name AS name, s.street_kind AS kind
FROM named_street n JOIN street s ON s.at = n.at
WHERE NOT EXISTS (
    FROM registered_street t WHERE t.unit_id = n.unit_id AND t.own_key = s.street_key
        AND t.former_unit_id IS NOT DISTINCT FROM n.former_id)
ORDER BY n.unit_id, n.former_id, s.street_key, strlen(s.street_name) = length(s.street_name),
    s.street_kind = 'đường', n.first_row;
