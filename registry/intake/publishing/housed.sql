-- Codes of new buildings in the order of their addresses, and the building of each written flat.

UPDATE building b SET code = i.code
FROM (
    SELECT place, row_number() OVER (
        ORDER BY unit_id, former_unit_id, street_id, locality_id, house_number_key,
            building_key) AS turn
    FROM building WHERE is_new
) t
JOIN issued_building i ON i.turn = t.turn
WHERE t.place = b.place;
INSERT INTO housed
SELECT w.row_number, b.code AS parent_code FROM written_flat w JOIN building b ON b.place = w.place;
