-- columns: unit_id INTEGER
-- needs: bound
SELECT unnest(writable_units()) AS unit_id
