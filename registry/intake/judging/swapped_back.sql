-- in: delivered. out: swapped coordinates corrected, and a row of `problem` for each.
INSERT INTO problem BY NAME
SELECT -1 AS id, row_number, 'longitude' AS field, 'coordinates_swapped_back' AS code,
    'notice' AS severity, left(concat_ws(' ', longitude, latitude), 200) AS value,
    left(concat_ws(' ', latitude, longitude), 200) AS proposed_fix
FROM delivered WHERE is_inside(lat, lon);
UPDATE delivered SET longitude = latitude, latitude = longitude, lon = lat, lat = lon
WHERE is_inside(lat, lon);
