-- in: entry, known, household. out: unsettled, rows still to be matched with the register, and the
-- record of their reference.
CREATE VIEW unsettled AS
SELECT e.row_number, e.unit_id, e.former_id, e.street_at, e.place_at, k.code,
    h.street_id AS own_street, h.locality_id AS own_place
FROM entry e
LEFT JOIN known k ON k.row_number = e.row_number
LEFT JOIN household h ON h.code = k.code
WHERE NOT e.rejected AND NOT coalesce(k.same OR k.linked, false);
