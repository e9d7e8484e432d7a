-- in: nothing. out: what the steps of judging fill where there is something to fill it with.
CREATE TABLE decided (row_number BIGINT, unit_id INTEGER);
CREATE TABLE outside (
    row_number BIGINT, lon DOUBLE, lat DOUBLE, value VARCHAR, km DOUBLE, far BOOLEAN);
CREATE TABLE skipped (row_number BIGINT);
