-- Replace streets and places by the settled names of the source.

INSERT INTO street ("at", street_kind, street_name, street_key)
SELECT DISTINCT new_at, kinds[1], names[1], keys[1] FROM meant_name WHERE part = 'street';
INSERT INTO place ("at", place_kinds, place_names, place_keys)
SELECT DISTINCT new_at, kinds, names, keys FROM meant_name WHERE part = 'place';
UPDATE entry e SET street_at = m.new_at
FROM meant_name m WHERE m.part = 'street' AND m.at = e.street_at AND NOT e.rejected;
UPDATE entry e SET place_at = m.new_at
FROM meant_name m WHERE m.part = 'place' AND m.at = e.place_at AND NOT e.rejected;
