-- columns: code VARCHAR, street_id BIGINT, locality_id BIGINT, house_number_key VARCHAR
-- needs: household
SELECT f.code, f.street_id, f.locality_id, f.house_number_key
FROM household_former_number f JOIN household h ON h.code = f.code
WHERE h.unit_id = ANY (%(units)s::int[])
