-- Assign rows of streets and places distinguished by diacritics to the part with their own key.

INSERT INTO street ("at", street_kind, street_name, street_key)
SELECT DISTINCT t.new_at, p.street_kind, p.street_name, t.keys[1]
FROM reassigned t JOIN street p ON p.at = t.at WHERE t.part = 'street';
INSERT INTO place ("at", place_kinds, place_names, place_keys)
SELECT DISTINCT t.new_at, p.place_kinds, p.place_names, t.keys
FROM reassigned t JOIN place p ON p.at = t.at WHERE t.part = 'place';
UPDATE entry e SET street_at = t.new_at
FROM reassigned t
WHERE t.part = 'street' AND t.unit_id = e.unit_id AND t.at = e.street_at AND NOT e.rejected;
UPDATE entry e SET place_at = t.new_at
FROM reassigned t
WHERE t.part = 'place' AND t.unit_id = e.unit_id AND t.at = e.place_at AND NOT e.rejected;
