-- Statements of DuckDB; what is in braces follows from the table of rules (`problems.csv`).

-- weigh --
-- A bit for each rule that holds.
CREATE VIEW weighed AS SELECT *, {weights} AS problems FROM named

-- tell --
INSERT INTO problem BY NAME
SELECT r.place AS id, j.row_number, r.field, r.code, r.severity,
    left(CASE r.place {values} END, 200) AS value
FROM judged j JOIN (VALUES {rules}) r (place, code, field, severity)
    ON j.problems & (1::BIGINT << r.place) <> 0
WHERE j.problems <> 0
