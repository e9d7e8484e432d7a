-- records --
SELECT {columns} FROM household h {joins}
WHERE h.code = ANY (:codes) AND NOT h.restricted AND h.status <> 'reserved'
