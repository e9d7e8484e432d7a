-- in: delivered, the parts, decided, repeated, overlong. out: named, the rows with their parts.
CREATE VIEW named AS
SELECT *, number_alone AND place_keys IS NULL AND building_key IS NULL AND flat IS NULL AS nowhere,
    street_as_group AND street_key IS NULL AND streets_usual AND has_number AS moved
FROM (
    SELECT *, is_dwelling(number_key, alley_only, flat, place_keys, inside) AS dwelling,
        -- A parcel of a numbered sheet is unique in its commune; other numbers need a street or place.
        has_number AND NOT alley_only AND street_key IS NULL AND NOT number_key ~ '^TO[0-9].*$'
            AS number_alone
    FROM (
        SELECT d.*, n.number, n.number_key, n.alley_only, t.street_key, p.place_keys, f.building_key,
            f.storey, f.flat, c.candidates, c.former_id, c.commune_problem, c.commune_notice,
            CASE len(c.candidates) WHEN 1 THEN c.candidates[1]
                ELSE coalesce(u.unit_id, c.assumed_id) END AS unit_id,
            c.assumed_id IS NOT NULL AND u.row_number IS NULL AS assumed,
            coalesce(is_inside(d.lon, d.lat), false) AS inside,
            coalesce(is_inside(d.lat, d.lon), false) AS swapped,
            -- Not the error marks, which begin with `?`.
            n.number_key ~ '^[^?].*$' AS has_number,
            -- Whether few rows of the file have a number and a place without a street.
            (SELECT count(street_at) > 4 * count(place_at) FILTER (
                WHERE number_at IS NOT NULL AND street_at IS NULL) FROM delivered) AS streets_usual,
            -- Tổ Quán Thánh, if other rows are on the street Quán Thánh: shifted cells. Not Tổ 1
            -- beside a Đường 1.
            d.place_at IN (
                SELECT o.at FROM place o JOIN street s ON s.street_name = o.place_names[1]
                WHERE o.place_kinds[1] IN ('tổ', 'tổ dân phố', 'khối', 'khu phố')
                    AND NOT o.place_names[1] ~ '.*[0-9].*') AS street_as_group,
            -- Whether other rows have another number in that building and on the same street:
            -- every town has a Toà Viettel.
            (d.flat_at, d.commune_at, coalesce(d.street_at, 0)) IN (
                SELECT (o.flat_at, o.commune_at, coalesce(o.street_at, 0)) FROM delivered o
                JOIN flat b ON b.at = o.flat_at AND b.building_key IS NOT NULL AND b.flat IS NULL
                GROUP BY o.flat_at, o.commune_at, o.street_at
                HAVING count(DISTINCT o.number_at) > 1
            ) AS numbers_vary,
            r.row_number IS NOT NULL AS ref_repeated, o.row_number IS NOT NULL AS overlong
        FROM delivered d
        JOIN commune c ON c.at = d.commune_at
        LEFT JOIN number n ON n.at = d.number_at
        LEFT JOIN street t ON t.at = d.street_at
        LEFT JOIN place p ON p.at = d.place_at
        LEFT JOIN flat f ON f.at = d.flat_at
        LEFT JOIN decided u ON u.row_number = d.row_number
        LEFT JOIN repeated r ON r.row_number = d.row_number
        LEFT JOIN overlong o ON o.row_number = d.row_number
    )
);
