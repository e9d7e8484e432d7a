-- A street named without its kind may begin with a word for places: `12 Ấp Bắc`, `5 Chợ Mới`. If the
-- commune, in the register or the file, has a street of that name and no such place, a number there
-- is on the street. Only for addresses as texts: a place in a column is a place.
CREATE TABLE known_street AS
SELECT unit_id, own_key AS key, any_value(kind) AS kind, any_value(name) AS name
FROM registered_street WHERE merged_into_id IS NULL GROUP BY ALL;
INSERT INTO known_street
SELECT e.unit_id, s.street_key, any_value(s.street_kind), any_value(s.street_name)
FROM entry e JOIN street s ON s.at = e.street_at
WHERE NOT e.rejected AND (e.unit_id, s.street_key) NOT IN (SELECT (unit_id, key) FROM known_street)
GROUP BY ALL;
CREATE TABLE on_street AS
SELECT DISTINCT e.unit_id, e.place_at, k.kind, k.name, k.key
FROM entry e
JOIN place p ON p.at = e.place_at AND len(p.place_keys) = 1
JOIN known_street k ON k.unit_id = e.unit_id AND k.key = p.place_keys[1]
WHERE NOT e.rejected AND e.street_at IS NULL AND e.number_at IS NOT NULL
    AND NOT EXISTS (FROM registered_locality l WHERE l.unit_id = e.unit_id AND l.key = k.key);
DROP TABLE known_street;
-- needs: on_street
INSERT INTO street ("at", street_kind, street_name, street_key)
SELECT (SELECT coalesce(max("at"), 0) FROM street) + row_number() OVER (), kind, name, key
FROM (SELECT DISTINCT kind, name, key FROM on_street);
-- needs: on_street
UPDATE entry e SET street_at = s.at, place_at = NULL
FROM on_street o
JOIN street s ON s.street_key = o.key AND s.street_kind IS NOT DISTINCT FROM o.kind
    AND s.street_name = o.name
WHERE o.unit_id = e.unit_id AND o.place_at = e.place_at AND NOT e.rejected
    AND e.street_at IS NULL AND e.number_at IS NOT NULL;
