-- in: delivered, commune. out: between_communes, the rows with a point and several candidate
-- communes, once for each of these.
CREATE TABLE between_communes AS
SELECT d.row_number, d.lon, d.lat, u.unit_id
FROM delivered d
JOIN commune c ON c.at = d.commune_at AND len(c.candidates) > 1,
    unnest(c.candidates) u (unit_id)
WHERE is_inside(d.lon, d.lat);
CREATE TABLE held (row_number BIGINT, unit_id INTEGER, is_in BOOLEAN);
