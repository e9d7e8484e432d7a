-- What the steps of the match share.

CREATE OR REPLACE MACRO folded(own_key) AS split_part(own_key, '~', 1);
-- Whether two former communes may be one: who names none may be of any.
CREATE OR REPLACE MACRO may_be_same(former_id, other_id) AS (former_id = other_id) IS NOT false;
-- A house number, a flat, and both at their street, else at their innermost place.
CREATE OR REPLACE MACRO dwelling(unit_id, number, number_key, building_key, storey, flat) AS
    hash(unit_id, coalesce(number_key, ''), has_barred_d(number), building_key, storey, flat);
CREATE OR REPLACE MACRO door_at(dwelling, street_key, place_key) AS
    hash(dwelling, street_key, CASE WHEN street_key IS NULL THEN place_key END);
-- Squares of two metres, by which houses without a number are compared.
CREATE OR REPLACE MACRO square(degrees) AS floor(degrees * 50000)::BIGINT;
CREATE OR REPLACE MACRO shown(code) AS 'mã ' || code[:4] || '-' || code[5:];

-- Rows that cannot be decided, with what is said of them: `refuse.sql` rejects them.
CREATE TABLE refused (
    row_number BIGINT, field VARCHAR, code VARCHAR, value VARCHAR, proposed_fix VARCHAR);
CREATE TABLE field_of AS
FROM (VALUES ('street', 'street', 1), ('place', 'locality', 2), ('flat', 'building', 3))
    f (part, field, "at");
-- Rows as they are compared: by `door` with the register, by `address` with other rows of the file.
CREATE TABLE address (
    row_number BIGINT, unit_id INTEGER, former_id INTEGER, street_at INTEGER, is_bare BOOLEAN,
    dwelling UBIGINT, door UBIGINT, address UBIGINT, outer_key VARCHAR, numbered BOOLEAN,
    lon DOUBLE, lat DOUBLE);
-- Rows whose reference is known, and rows led to a record by what they name.
CREATE TABLE known (row_number BIGINT, code VARCHAR, same BOOLEAN, linked BOOLEAN);
-- References that are codes of this register, of doors that the source did not name before.
CREATE TABLE named_by_code (source_ref VARCHAR, code VARCHAR);
CREATE TABLE registered (row_number BIGINT, code VARCHAR, unplaced BOOLEAN, other VARCHAR);
-- What became of rows that are not new; `head`: the row of the file whose door it is.
CREATE TABLE found (row_number BIGINT, outcome VARCHAR, code VARCHAR, head BIGINT);
-- What the scripts of these names leave, where there is anything to leave.
CREATE TABLE renamed (
    part VARCHAR, row_number BIGINT, old_name VARCHAR, today_id BIGINT, "at" BIGINT,
    former_unit_id INTEGER, depth BIGINT, written VARCHAR, named_ids BIGINT[], unclear BOOLEAN);
CREATE TABLE meeting (
    row_number BIGINT, row_former INTEGER, code VARCHAR, status VARCHAR, elsewhere BOOLEAN,
    degrees DOUBLE);
CREATE TABLE succeeded (row_number BIGINT, old_code VARCHAR, heirs VARCHAR[], known BOOLEAN);
CREATE TABLE sharing (row_number BIGINT, first BIGINT, code VARCHAR);
CREATE TABLE shared (row_number BIGINT, code VARCHAR, before BIGINT, now BIGINT, said INTEGER);
CREATE TABLE kept (
    row_number BIGINT, code VARCHAR, address BOOLEAN, position BOOLEAN, households BOOLEAN,
    -- each plain column: {name} BOOLEAN,
    hint BOOLEAN, told BOOLEAN);
CREATE TABLE head (unit_id INTEGER, address UBIGINT, head BIGINT);
CREATE TABLE returned (row_number BIGINT, source_ref VARCHAR, code VARCHAR, revives BOOLEAN);
-- What a full delivery no longer has: references, the records that they alone name, and how many.
CREATE TABLE vanished (source_ref VARCHAR, code VARCHAR);
CREATE TABLE retiring (code VARCHAR);
CREATE TABLE vanishing AS SELECT 0 AS vanished, 0 AS living, 0 AS retiring;
-- The reference of a row without one: its address and an ordinal, never the row's number. Houses
-- without a number are told apart by their points, to a metre: by an ordinal they would exchange
-- their codes when the rows are sorted otherwise.
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
