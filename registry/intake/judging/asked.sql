-- in: problem, judged. out: asked, problems whose fix depends on more than their row, with its
-- subject; the fixes of other problems, in `problem`.
UPDATE problem SET value = j.longitude || ' ' || j.latitude,
    proposed_fix = replace(j.latitude, ',', '.') || ' ' || replace(j.longitude, ',', '.')
FROM judged j WHERE j.row_number = problem.row_number AND code = 'coordinates_swapped';
UPDATE problem SET proposed_fix = j.households::VARCHAR
FROM judged j WHERE j.row_number = problem.row_number AND code = 'households_count_read';
-- The number of the first row with the reference.
UPDATE problem SET proposed_fix = f.first::VARCHAR
FROM (
    SELECT e.row_number, min(e.row_number) OVER (PARTITION BY e.source_ref) AS first
    FROM entry e WHERE e.source_ref IN (
        SELECT o.source_ref FROM repeated r JOIN entry o ON o.row_number = r.row_number)
) f
WHERE f.row_number = problem.row_number AND code = 'duplicate_ref';
CREATE TABLE asked AS
SELECT row_number, code, kind, CASE kind WHEN 'candidates' THEN candidates::VARCHAR
    WHEN 'code' THEN commune_code WHEN 'number' THEN number ELSE unit_id::VARCHAR END AS about
FROM (
    SELECT p.row_number, p.code, k.kind, j.candidates, j.commune_code, j.number, h.unit_id
    FROM problem p
    JOIN (VALUES ('commune_ambiguous', 'candidates'), ('commune_assumed', 'candidates'),
        ('commune_corrected', 'candidates'), ('province_differs', 'candidates'),
        ('commune_code_unknown', 'code'), ('commune_code_of_two_maps', 'code'),
        ('commune_code_maybe_old', 'code'), ('commune_differs_from_code', 'code'),
        ('number_mangled', 'number'), ('outside_commune', 'holder'), ('far_from_commune', 'holder')
    ) k (code, kind) ON k.code = p.code
    JOIN judged j ON j.row_number = p.row_number
    LEFT JOIN holder h ON h.row_number = p.row_number
)
WHERE about IS NOT NULL;
