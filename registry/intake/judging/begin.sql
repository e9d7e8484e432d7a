-- in: nothing. out: tables that optional steps of judging fill.
CREATE TABLE decided (row_number BIGINT, unit_id INTEGER);
CREATE TABLE outside (
    row_number BIGINT, lon DOUBLE, lat DOUBLE, value VARCHAR, km DOUBLE, far BOOLEAN);
CREATE TABLE skipped (row_number BIGINT);
