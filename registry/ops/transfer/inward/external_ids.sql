INSERT INTO external_id (code, scheme, value, valid)
SELECT code, scheme, value, daterange(valid_from, valid_to, '[]') FROM part;
