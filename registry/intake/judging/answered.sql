-- in: asked; fix, what would be right by kind and what it is about. out: the fixes in `problem`.
UPDATE problem SET value = CASE WHEN a.kind = 'holder' THEN problem.value ELSE f.value END,
    proposed_fix = f.fix
FROM asked a JOIN fix f ON f.kind = a.kind AND f.about = a.about
WHERE a.row_number = problem.row_number AND a.code = problem.code;
DROP TABLE asked;
DROP TABLE fix;
