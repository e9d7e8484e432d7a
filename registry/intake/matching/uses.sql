-- in: found, entry. out: entry, for a new door with the uses of all its rows: an office and a shop at
-- the same door are separate rows. A row without uses is a dwelling.
-- At most fifty rows count: with ten uses each they reach the limit of a record.
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
