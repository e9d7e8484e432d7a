-- by_code --
SELECT {columns} FROM household h {joins} WHERE h.code = :code

-- registered --
-- In the order of the candidates: the likeliest error first.
SELECT h.code
FROM unnest(CAST(:codes AS text[])) WITH ORDINALITY AS c (code, rank)
JOIN household h ON h.code = c.code COLLATE "C"
WHERE {open}
ORDER BY c.rank
LIMIT 3

-- withdrawn --
SELECT FROM household_version v JOIN event e ON e.id = v.ended_by_event_id
WHERE v.code = :code AND e.kind = 'rollback'
LIMIT 1
