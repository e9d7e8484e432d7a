-- lock --
LOCK TABLE unit_identifier IN SHARE ROW EXCLUSIVE MODE

-- remove --
DELETE FROM unit_identifier WHERE scheme = :scheme AND unit_id = ANY (:units)

-- remove_scheme --
DELETE FROM unit_identifier WHERE scheme = :scheme

-- add --
INSERT INTO unit_identifier (unit_id, scheme, value, valid, source)
SELECT unit_id, :scheme, value, daterange(first, after), :source
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (unit_id int, value text, first date, after date)
