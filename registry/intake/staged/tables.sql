-- in: nothing. out: empty tables for the rows of a file and for what they name, each spelling once.
CREATE TABLE delivered (
    row_number BIGINT,
    row_hash UUID,
    source_ref VARCHAR,
    longitude VARCHAR,
    latitude VARCHAR,
    households_count VARCHAR,
    position_accuracy_m VARCHAR,
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
CREATE TABLE number ("at" INTEGER, number VARCHAR, number_key VARCHAR, alley_only BOOLEAN);
CREATE TABLE street ("at" INTEGER, street_kind VARCHAR, street_name VARCHAR, street_key VARCHAR);
CREATE TABLE place (
    "at" INTEGER, place_kinds VARCHAR[], place_names VARCHAR[], place_keys VARCHAR[]
);
CREATE TABLE flat (
    "at" INTEGER, building_name VARCHAR, building_key VARCHAR, storey VARCHAR, flat VARCHAR
);
CREATE TABLE commune (
    "at" INTEGER, commune_code VARCHAR, candidates INTEGER[], former_id INTEGER,
    commune_problem VARCHAR, commune_notice VARCHAR, assumed_id INTEGER
);
CREATE TABLE overlong (row_number BIGINT);
