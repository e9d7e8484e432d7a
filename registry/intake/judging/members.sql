-- in: entry, judged, repeated, problem, skipped. out: person_row, rows of members of a household,
-- which are added to `skipped` and have no other problem.
-- Lists of residents have a row for each person instead of each door. The first row of a household
-- has its address. The rows below repeat it with the same reference, or have only a name, which is
-- never read. They are not doors, so skipping them loses nothing; they are counted and noted, so
-- that incomplete rows are not hidden among them. $personal: whether the file has personal columns,
-- the only ones that such a row fills; $of_one_commune: whether one commune was stated for all rows.
CREATE TABLE person_row AS
WITH member AS (
    SELECT row_number, source_ref, rejected, lon, lat, hash(unit_id, former_id, number_key,
        has_barred_d(number), coalesce(street_key, array_to_string(place_keys, ',')),
        building_key, storey, flat) AS door
    FROM judged
    WHERE source_ref IN (
        SELECT o.source_ref FROM repeated p JOIN entry o ON o.row_number = p.row_number)
), head AS (
    SELECT DISTINCT ON (source_ref) * FROM member ORDER BY source_ref, row_number
)
-- The only error is that an earlier row has the same reference and door.
SELECT e.row_number
FROM repeated r
JOIN member e ON e.row_number = r.row_number AND e.rejected
JOIN head h ON h.source_ref = e.source_ref AND h.door = e.door AND NOT h.rejected
    AND (h.lon IS NULL OR e.lon IS NULL OR (h.lon = e.lon AND h.lat = e.lat))
WHERE e.row_number NOT IN (
    SELECT row_number FROM problem WHERE severity = 'error' AND code <> 'duplicate_ref')
UNION
-- No field that is read, except a commune that is the same in every row.
SELECT row_number
FROM judged
WHERE $personal AND rejected AND number_at IS NULL AND street_at IS NULL AND place_at IS NULL
    AND flat_at IS NULL AND longitude IS NULL AND latitude IS NULL
    AND households_count IS NULL
    AND (source_ref IS NULL OR row_number IN (SELECT row_number FROM repeated))
    AND ($of_one_commune OR commune_problem = 'commune_missing'
        OR commune_problem = 'address_missing' AND len(candidates) = 0)
EXCEPT
SELECT row_number FROM skipped;
-- needs: person_row
DELETE FROM problem WHERE row_number IN (SELECT row_number FROM person_row);
-- needs: person_row
INSERT INTO problem BY NAME
SELECT row_number, 'row_of_member' AS code, 'notice' AS severity FROM person_row;
-- needs: person_row
INSERT INTO skipped SELECT row_number FROM person_row;
