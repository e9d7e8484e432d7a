-- For DuckDB, over the copied tables.

-- refs --
SELECT source_ref AS ref FROM entry WHERE NOT rejected AND source_ref IS NOT NULL
UNION ALL SELECT ref FROM own_ref

-- range_of_refs --
SELECT min(ref), max(ref), count(*) FROM ({refs})

-- list_refs --
SELECT list(ref) FROM ({refs})

-- reread --
SELECT list(code) FILTER (NOT same AND NOT linked), bool_or(linked) FROM known

-- elsewhere --
SELECT list(DISTINCT code) FROM household_ref r
WHERE NOT EXISTS (FROM household h WHERE h.code = r.code)

-- onward --
SELECT list(DISTINCT code) FROM (
    SELECT code FROM household_ref UNION ALL SELECT unnest(heirs) FROM heir
) c
WHERE NOT EXISTS (FROM household h WHERE h.code = c.code)
