-- open_doors --
SELECT {columns} FROM household h {joins} WHERE h.code = ANY (:codes) AND {open}

-- flats --
-- The exact number first, then shorter ones. The buildings come in the order of the array.
SELECT {columns} FROM unnest(CAST(:codes AS text[])) WITH ORDINALITY b (code, at)
CROSS JOIN LATERAL (
    SELECT h.* FROM household h
    WHERE h.parent_code = b.code COLLATE "C" AND {open}
        AND h.unit_number COLLATE "C" >= :first AND h.unit_number COLLATE "C" < :end
    ORDER BY length(h.unit_number), h.unit_number COLLATE "C" LIMIT 20
) h {joins}
ORDER BY h.unit_number <> :first, b.at, length(h.unit_number), h.unit_number COLLATE "C"
LIMIT 20
