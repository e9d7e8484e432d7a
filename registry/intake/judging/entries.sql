-- in: weighed, the rows of `named` with a bit of `problems` for each rule that applies.
-- out: entry, one narrow row for each of the file; the parts are in tables of their own.
-- A row without an error (NOT rejected) has its commune in `unit_id`.
CREATE TABLE entry AS
SELECT row_number, row_hash, source_ref, longitude, latitude, households_count,
    nullif(households, 0) AS households, accuracy_m,
    -- each plain column: {name}, {name}_read,
    CASE WHEN inside THEN lon END AS lon, CASE WHEN inside THEN lat END AS lat,
    number_at, street_at, place_at, flat_at, commune_at, hint, unit_id, former_id,
    is_building, problems, is_building OR problems & $rejecting <> 0 AS rejected, problems & $shifted <> 0 AS shifted
FROM weighed;
DROP VIEW weighed;
DROP VIEW named;
-- A national file needs the memory.
DROP TABLE delivered;
