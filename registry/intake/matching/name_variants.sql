-- For DuckDB, over the copied tables.

-- street --
-- A street is a place with one level.
-- with part: street
-- with table: registered_street
-- with levels: {levels_of_streets}

-- place --
-- with part: place
-- with table: registered_locality
-- with levels: {levels_of_places}

-- levels_of_streets --
SELECT "at", [street_key] AS keys, [street_kind] AS kinds, [street_name] AS names FROM street

-- levels_of_places --
SELECT "at", place_keys AS keys, place_kinds AS kinds, place_names AS names FROM place

-- called --
-- by street, place
WITH called AS (
    SELECT DISTINCT unnest(keys) AS key, unnest(names) AS name, false AS apart FROM ({levels})
)
SELECT key, list(DISTINCT name), bool_or(apart)
FROM (
    FROM called
    UNION ALL
    SELECT key, name, marks IS NOT NULL FROM {table} WHERE key IN (SELECT key FROM called)
)
GROUP BY key HAVING count(DISTINCT lower(name)) > 1 OR bool_or(apart)

-- naming --
-- by street, place
SELECT e.unit_id, p.at, p.keys, p.kinds, p.names
FROM ({levels}) p
JOIN (
    SELECT unit_id, {part}_at AS "at", min(row_number) AS first_row FROM entry
    WHERE NOT rejected GROUP BY unit_id, {part}_at
) e ON e.at = p.at
WHERE list_has_any(p.keys, $keys)
ORDER BY e.first_row

-- registered --
-- by street, place
SELECT unit_id, key, kind, name, marks FROM {table} WHERE list_contains($keys, key) ORDER BY id

-- last_at --
-- by street, place
SELECT coalesce(max("at"), 0) FROM {part}
