-- Statements of DuckDB; pieces in braces are made from the table of rules (`problems.csv`).

-- weigh --
-- One bit per rule that applies.
CREATE VIEW weighed AS SELECT *, {weights} AS problems FROM named

-- insert_problems --
INSERT INTO problem BY NAME
SELECT r.place AS id, j.row_number, r.field, r.code, r.severity,
    left(CASE r.place {values} END, 200) AS value
FROM judged j JOIN (VALUES {rules}) r (place, code, field, severity)
    ON j.problems & (1::BIGINT << r.place) <> 0
WHERE j.problems <> 0
