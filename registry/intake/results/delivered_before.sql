-- A reference made of the address is known in any file of its source: the same door twice, or two
-- houses that nothing distinguishes.
SELECT i.file_name, count(*)
FROM own_ref o
JOIN household_ref r ON r.source_ref = o.ref
JOIN delivery i ON i.id = r.import_id AND i.file_name <> $name
GROUP BY i.file_name ORDER BY count(*) DESC, i.file_name LIMIT 5
