-- in: asked; fix, the proposed fixes by kind and subject. out: the fixes in `problem`.
UPDATE problem SET value = CASE WHEN a.kind = 'holder' THEN problem.value ELSE f.value END,
    proposed_fix = f.fix
FROM asked a JOIN fix f ON f.kind = a.kind AND f.about = a.about
WHERE a.row_number = problem.row_number AND a.code = problem.code;
DROP TABLE asked;
DROP TABLE fix;
