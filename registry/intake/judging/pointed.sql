-- in: entry, drawn (units with real polygons). out: pointed, the rows of such a unit with points;
-- located, still empty, for whether its polygon contains them.
CREATE VIEW pointed AS
SELECT e.row_number, e.lon, e.lat, e.unit_id
FROM entry e JOIN drawn k ON k.unit_id = e.unit_id
-- The point of a row with shifted cells is not reliable.
WHERE e.lon IS NOT NULL AND NOT e.shifted;
CREATE TABLE located (row_number BIGINT, unit_id INTEGER, is_in BOOLEAN);
