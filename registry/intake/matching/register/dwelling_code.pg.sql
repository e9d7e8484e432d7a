-- columns: code VARCHAR
SELECT code FROM household
WHERE code = ANY (%(codes)s::text[]) AND kind = 'household' AND status <> 'reserved'
