-- in: incoming, some rows of a file with their cells and parts. out: rows of `delivered`.
-- Cells of the address are not stored.
SELECT row_number,
    md5(concat_ws(chr(31), CASE WHEN no_house THEN $salt || '-' ELSE $salt END,
        source_ref, longitude, latitude, households_count, position_accuracy_m, house_number,
        -- each plain column: {name},
        street, locality, building, "floor", unit, commune_code, commune, district, province,
        former_commune_code, former_commune, former_address, address))::UUID AS row_hash,
    nullif(source_ref, '') AS source_ref,
    nullif(longitude, '') AS longitude,
    nullif(latitude, '') AS latitude,
    nullif(households_count, '') AS households_count,
    nullif(position_accuracy_m, '') AS position_accuracy_m,
    -- each plain column: nullif({name}, '') AS {name}, {value} AS {name}_read,
    degrees_of(longitude) AS lon,
    degrees_of(latitude) AS lat,
    households::INTEGER AS households,
    -- `5 m`, `±5`, as instruments write it.
    replace(nullif(regexp_extract(position_accuracy_m,
        '^\s*(?:±|[+]/-|~|<|≤)?\s*([0-9]{1,6}(?:[.,][0-9]{1,9})?)\s*(?:m|mét|met)?\s*$', 1), ''),
        ',', '.')::DOUBLE AS accuracy_m,
    number_at, street_at, place_at, flat_at, commune_at,
    nullif(hint, '') AS hint,
    nullif(beside, '')::INTEGER AS beside,
    nullif(doubt, '')::INTEGER AS doubt,
    no_house, is_building
FROM incoming
