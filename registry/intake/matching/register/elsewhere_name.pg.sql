-- Street and place keys of records in other communes, for a full delivery.
-- columns: code VARCHAR, street_key VARCHAR, place_key VARCHAR
-- needs: full
SELECT h.code, t.key AS street_key, l.key AS place_key
FROM household h
LEFT JOIN place t ON t.id = h.street_id
LEFT JOIN place l ON l.id = h.locality_id
WHERE %(full)s AND h.code = ANY (%(codes)s::text[])
