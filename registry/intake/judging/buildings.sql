-- in: entry, skipped, problem. out: rows of buildings are skipped, without another problem: the
-- building is made of its flats, whose rows repeat its address.
INSERT INTO skipped
SELECT row_number FROM entry WHERE is_building EXCEPT SELECT row_number FROM skipped;
DELETE FROM problem WHERE row_number IN (SELECT row_number FROM entry WHERE is_building);
INSERT INTO problem BY NAME
SELECT row_number, 'row_of_building' AS code, 'notice' AS severity FROM entry WHERE is_building;
