-- Macros shared by the scripts of an import. A point is `lon` and `lat`, degrees of WGS 84.

-- Metres between two near points, on the plane tangent to the ellipsoid between them: within 10 cm
-- of ST_Distance over geography for up to ten kilometres.
CREATE MACRO bend(lat1, lat2) AS 1 - 0.0066943799901413165 * pow(sin(radians((lat1 + lat2) / 2)), 2);
CREATE MACRO metres(lon1, lat1, lon2, lat2) AS sqrt(
    pow(radians(lat2 - lat1) * 6335439.3272928195 / pow(bend(lat1, lat2), 1.5), 2)
    + pow(radians(lon2 - lon1) * 6378137.0 * cos(radians((lat1 + lat2) / 2))
        / sqrt(bend(lat1, lat2)), 2));

-- Whether two points of one address are one door: within ten metres, or one metre if only the point
-- identifies doors (not `numbered`). A number without a point is the same door.
CREATE MACRO is_near(numbered, lon1, lat1, lon2, lat2) AS
    CASE WHEN numbered AND (lon1 IS NULL OR lon2 IS NULL) THEN true
        WHEN abs(lon1 - lon2) > 0.0002 OR abs(lat1 - lat2) > 0.0002 THEN false
        ELSE metres(lon1, lat1, lon2, lat2) <= CASE WHEN numbered THEN 10 ELSE 1 END
    END;

-- 54Đ is between 54D and 54E, and has the key of 54D.
CREATE MACRO has_barred_d(number) AS coalesce(regexp_matches(number, '[0-9][Đđ]'), false);

-- Whether the uses include a dwelling (`registry.records.uses`), and the number of households: as
-- stated, or the number of references to the door, and one by default.
CREATE MACRO is_lived_in(uses) AS uses IS NULL OR contains(uses, '{"use": "dwelling"}');
-- A cell that cannot be read says nothing about a door where nobody lives.
CREATE MACRO is_kept_unlived(written, uses, known) AS written IS NOT NULL AND uses IS NULL AND NOT is_lived_in(known);
CREATE MACRO households_of(uses, stated, referred) AS
    CASE WHEN is_lived_in(uses) THEN greatest(stated, referred, 1) ELSE coalesce(stated, 0) END;

-- A list as PostgreSQL reads an array.
CREATE MACRO pg_array(list) AS
    '{' || array_to_string(list_transform(list, lambda x:
        '"' || replace(replace(x::VARCHAR, '\', '\\'), '"', '\"') || '"'), ',') || '}';

-- Problems of rows in the order found; copied to `import_problem` at the end.
CREATE SEQUENCE problem_id START 100;
CREATE TABLE problem (
    id BIGINT DEFAULT nextval('problem_id'),
    row_number BIGINT NOT NULL,
    field VARCHAR,
    code VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    value VARCHAR,
    proposed_fix VARCHAR
);

-- A cell of degrees as a number; null for other notations.
CREATE MACRO degrees_of(cell) AS
    CASE WHEN regexp_matches(cell, '^[+-]?[0-9]{1,3}([.,][0-9]{1,15})?$')
        THEN replace(cell, ',', '.')::DOUBLE END;

-- Whether a point is in Viet Nam, including its archipelagos; null without a point.
CREATE MACRO is_inside(lon, lat) AS lon BETWEEN 102 AND 118 AND lat BETWEEN 6 AND 24;

-- Set-based geo.address.names_dwelling: a number other than an alley's, a flat, or a locality with a
-- point.
CREATE MACRO is_dwelling(number_key, alley_only, flat, place_keys, inside) AS
    coalesce(number_key IS NOT NULL AND NOT alley_only OR flat IS NOT NULL
        OR place_keys IS NOT NULL AND inside, false);

-- Kilometres between two points on a sphere, at any distance.
CREATE MACRO kilometres(lon1, lat1, lon2, lat2) AS 2 * 6371.0087714 * asin(sqrt(
    pow(sin(radians(lat2 - lat1) / 2), 2)
    + cos(radians(lat1)) * cos(radians(lat2)) * pow(sin(radians(lon2 - lon1) / 2), 2)));
