-- in: skipped, problem. out: a footer has no other problem.
DELETE FROM problem WHERE row_number IN (SELECT row_number FROM skipped);
INSERT INTO problem BY NAME
SELECT row_number, 'row_skipped' AS code, 'notice' AS severity FROM skipped;
