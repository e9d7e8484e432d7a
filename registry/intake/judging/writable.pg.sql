-- columns: unit_id INTEGER
SELECT unnest(writable_units()) AS unit_id
