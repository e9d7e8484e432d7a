-- columns: unit_id INTEGER
SELECT unit_id FROM boundary WHERE NOT approximate AND unit_id = ANY (%(units)s::int[])
