-- records --
-- where in_communes
SELECT {columns} FROM household h {joins} WHERE {where} ORDER BY h.code

-- in_communes --
h.unit_id = ANY (:communes)
