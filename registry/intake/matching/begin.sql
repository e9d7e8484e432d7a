-- Macros and tables shared by the matching steps.

CREATE OR REPLACE MACRO folded(own_key) AS split_part(own_key, '~', 1);
-- Whether two former communes may be the same; a missing one may be any.
CREATE OR REPLACE MACRO may_be_same(former_id, other_id) AS (former_id = other_id) IS NOT false;
-- Hashes of a house number with its flat, and of both on their street, else at the innermost place.
CREATE OR REPLACE MACRO dwelling(unit_id, number, number_key, building_key, storey, flat) AS
    hash(unit_id, coalesce(number_key, ''), has_barred_d(number), building_key, storey, flat);
CREATE OR REPLACE MACRO door_at(dwelling, street_key, place_key) AS
    hash(dwelling, street_key, CASE WHEN street_key IS NULL THEN place_key END);
-- Grid cells of two metres, to compare houses without a number.
CREATE OR REPLACE MACRO square(degrees) AS floor(degrees * 50000)::BIGINT;
CREATE OR REPLACE MACRO shown(code) AS 'mã ' || code[:4] || '-' || code[5:];

-- Undecidable rows with their problems: `refuse.sql` rejects them.
CREATE TABLE refused (
    row_number BIGINT, field VARCHAR, code VARCHAR, value VARCHAR, proposed_fix VARCHAR);
CREATE TABLE field_of AS
FROM (VALUES ('street', 'street', 1), ('place', 'locality', 2), ('flat', 'building', 3))
    f (part, field, "at");
-- Keys of rows: `door` is compared with the register, `address` with other rows of the file.
CREATE TABLE address (
    row_number BIGINT, unit_id INTEGER, former_id INTEGER, street_at INTEGER, is_bare BOOLEAN,
    dwelling UBIGINT, door UBIGINT, address UBIGINT, outer_key VARCHAR, numbered BOOLEAN,
    lon DOUBLE, lat DOUBLE);
-- Rows whose reference is known, and rows matched to a record by their address.
CREATE TABLE known (row_number BIGINT, code VARCHAR, same BOOLEAN, linked BOOLEAN);
-- References that are codes of records that the source has not named before.
CREATE TABLE named_by_code (source_ref VARCHAR, code VARCHAR);
CREATE TABLE registered (row_number BIGINT, code VARCHAR, unplaced BOOLEAN, other VARCHAR);
-- Outcomes of rows that are not new; `head`: the row of the file with the same door.
CREATE TABLE found (row_number BIGINT, outcome VARCHAR, code VARCHAR, head BIGINT);
-- Results of the scripts of these names, if any.
CREATE TABLE renamed (
    part VARCHAR, row_number BIGINT, old_name VARCHAR, today_id BIGINT, "at" BIGINT,
    former_unit_id INTEGER, depth BIGINT, written VARCHAR, named_ids BIGINT[], unclear BOOLEAN);
CREATE TABLE meeting (
    row_number BIGINT, row_former INTEGER, code VARCHAR, status VARCHAR, elsewhere BOOLEAN,
    degrees DOUBLE);
CREATE TABLE succeeded (row_number BIGINT, old_code VARCHAR, heirs VARCHAR[], known BOOLEAN);
CREATE TABLE sharing (row_number BIGINT, first BIGINT, code VARCHAR);
CREATE TABLE shared (row_number BIGINT, code VARCHAR, before BIGINT, now BIGINT, stated INTEGER);
CREATE TABLE kept (
    row_number BIGINT, code VARCHAR, address BOOLEAN, position BOOLEAN, households BOOLEAN,
    -- each plain column: {name} BOOLEAN,
    hint BOOLEAN, measured_kept BOOLEAN);
CREATE TABLE head (unit_id INTEGER, address UBIGINT, head BIGINT);
CREATE TABLE returned (row_number BIGINT, source_ref VARCHAR, code VARCHAR, revives BOOLEAN);
-- Missing from a full delivery: references, records that only they name, and the counts.
CREATE TABLE vanished (source_ref VARCHAR, code VARCHAR);
CREATE TABLE retiring (code VARCHAR);
CREATE TABLE vanishing AS SELECT 0 AS vanished, 0 AS living, 0 AS retiring;
-- The reference made for a row without one: its address and an ordinal, never the row's number.
-- Houses without a number are distinguished by their points, to a metre: with an ordinal they would
-- exchange their codes if the rows were sorted differently.
CREATE TABLE own_ref (row_number BIGINT, ref VARCHAR);
-- needs: unreferenced
INSERT INTO own_ref
SELECT row_number, address || '#' || row_number() OVER (
    PARTITION BY address ORDER BY row_number) AS ref
FROM (
    SELECT row_number,
        concat_ws('|', unit_id, former_id, coalesce(street_key, ''),
            CASE WHEN street_key IS NULL THEN coalesce(array_to_string(place_keys, ','), '') END,
            coalesce(number_key, '') || CASE WHEN has_barred_d(number) THEN 'Đ' ELSE '' END,
            coalesce(building_key, ''), coalesce(storey, ''), coalesce(flat, ''))
        || CASE WHEN number_key IS NULL AND flat IS NULL AND lon IS NOT NULL
            THEN '@' || CAST(lon AS DECIMAL(9, 5)) || ' ' || CAST(lat AS DECIMAL(9, 5))
            ELSE '' END AS address
    FROM judged WHERE source_ref IS NULL AND NOT rejected
);
CREATE VIEW door AS
SELECT j.*, coalesce(j.source_ref, o.ref) AS ref,
    j.number_at IS NOT NULL OR j.flat IS NOT NULL AS numbered
FROM judged j LEFT JOIN own_ref o ON o.row_number = j.row_number
WHERE NOT j.rejected;
