-- in: entry, drawn (units with real polygons). out: pointed, the rows with points in such a unit;
-- located, yet empty, for what its polygon says of them.
CREATE VIEW pointed AS
SELECT e.row_number, e.lon, e.lat, e.unit_id
FROM entry e JOIN drawn k ON k.unit_id = e.unit_id
-- A row with shifted cells has no point.
WHERE e.lon IS NOT NULL AND NOT e.shifted;
CREATE TABLE located (row_number BIGINT, unit_id INTEGER, is_in BOOLEAN);
