-- in: nothing. out: delivered, an empty table for the rows of a file.
CREATE TABLE delivered (
    row_number BIGINT,
    row_hash UUID,
    source_ref VARCHAR,
    longitude VARCHAR,
    latitude VARCHAR,
    households_count VARCHAR,
    position_accuracy_m VARCHAR,
    -- each plain column: {name} VARCHAR, {name}_read {duck},
    lon DOUBLE,
    lat DOUBLE,
    households INTEGER,
    accuracy_m DOUBLE,
    number_at INTEGER,
    street_at INTEGER,
    place_at INTEGER,
    flat_at INTEGER,
    commune_at INTEGER,
    hint VARCHAR,
    beside INTEGER,
    doubt INTEGER,
    no_house BOOLEAN
);
