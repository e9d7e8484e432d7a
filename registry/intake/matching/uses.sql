-- in: found, entry. out: entry, of a new door with the uses of all rows that name it: an office is one
-- row of a list, and a shop at its door another. A row without any is of a dwelling.
-- Fifty rows are taken: with ten uses each they are as many as a record has.
UPDATE entry e SET uses_read = '[' || a.uses || ']'
FROM (
    SELECT head, array_to_string(list_sort(list(DISTINCT uses))[:50], ', ') AS uses
    FROM (
        SELECT f.head, coalesce(r.uses_read[2:-2], '{"use": "dwelling"}') AS uses
        FROM (
            SELECT row_number, head FROM found WHERE head IS NOT NULL AND code IS NULL
            UNION SELECT head, head FROM found WHERE head IS NOT NULL AND code IS NULL
        ) f
        JOIN entry r ON r.row_number = f.row_number
    )
    GROUP BY head HAVING bool_or(uses <> '{"use": "dwelling"}')
) a
WHERE e.row_number = a.head;
