-- What the scripts of an import have in common. A point is `lon` and `lat`, degrees of WGS 84.

-- Metres between two points that are not far apart, on the plane that touches the ellipsoid between
-- them: to a hand's breadth of ST_Distance over geography within ten kilometres.
CREATE MACRO bend(lat1, lat2) AS 1 - 0.0066943799901413165 * pow(sin(radians((lat1 + lat2) / 2)), 2);
CREATE MACRO metres(lon1, lat1, lon2, lat2) AS sqrt(
    pow(radians(lat2 - lat1) * 6335439.3272928195 / pow(bend(lat1, lat2), 1.5), 2)
    + pow(radians(lon2 - lon1) * 6378137.0 * cos(radians((lat1 + lat2) / 2))
        / sqrt(bend(lat1, lat2)), 2));

-- Whether two points of one address are one door: ten metres, or one where nothing but the point
-- tells doors apart (not `numbered`); a number without a point is that door.
CREATE MACRO is_near(numbered, lon1, lat1, lon2, lat2) AS
    CASE WHEN numbered AND (lon1 IS NULL OR lon2 IS NULL) THEN true
        WHEN abs(lon1 - lon2) > 0.0002 OR abs(lat1 - lat2) > 0.0002 THEN false
        ELSE metres(lon1, lat1, lon2, lat2) <= CASE WHEN numbered THEN 10 ELSE 1 END
    END;

-- 54Đ stands between 54D and 54E, and has the key of 54D.
CREATE MACRO has_barred_d(number) AS coalesce(regexp_matches(number, '[0-9][Đđ]'), false);

-- Whether somebody lives where these uses are (`registry.records.uses`), and how many hộ: those that
-- are said, or as many as references name the door, and one where nobody says it.
CREATE MACRO is_lived_in(uses) AS uses IS NULL OR contains(uses, '{"use": "dwelling"}');
CREATE MACRO households_of(uses, said, referred) AS
    CASE WHEN is_lived_in(uses) THEN greatest(said, referred, 1) ELSE coalesce(said, 0) END;

-- A list as PostgreSQL reads an array.
CREATE MACRO pg_array(list) AS
    '{' || array_to_string(list_transform(list, lambda x:
        '"' || replace(replace(x::VARCHAR, '\', '\\'), '"', '\"') || '"'), ',') || '}';

-- What is wrong with rows, in the order in which it was found; `import_problem` takes it at the end.
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

-- A cell of degrees as a number; null where it is written in another form.
CREATE MACRO degrees_of(cell) AS
    CASE WHEN regexp_matches(cell, '^[+-]?[0-9]{1,3}([.,][0-9]{1,15})?$')
        THEN replace(cell, ',', '.')::DOUBLE END;

-- Whether a point is in Viet Nam, its archipelagos among it; null without one.
CREATE MACRO is_inside(lon, lat) AS lon BETWEEN 102 AND 118 AND lat BETWEEN 6 AND 24;

-- geo.address.names_dwelling, set by set: a number that is more than an alley, a flat, or a locality
-- with a point.
CREATE MACRO is_dwelling(number_key, alley_only, flat, place_keys, inside) AS
    coalesce(number_key IS NOT NULL AND NOT alley_only OR flat IS NOT NULL
        OR place_keys IS NOT NULL AND inside, false);

-- Kilometres between two points on a sphere, however far apart they are.
CREATE MACRO kilometres(lon1, lat1, lon2, lat2) AS 2 * 6371.0087714 * asin(sqrt(
    pow(sin(radians(lat2 - lat1) / 2), 2)
    + cos(radians(lat1)) * cos(radians(lat2)) * pow(sin(radians(lon2 - lon1) / 2), 2)));
