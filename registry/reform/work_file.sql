-- create_work_list --
CREATE TEMPORARY TABLE reform_work ON COMMIT DROP AS
SELECT d.code, d.from_id FROM reform_door d
WHERE d.to_id IS NULL AND d.status IN ('proposed', 'active')

-- work_list --
-- With the target of the neighbours.
SELECT w.code, w.from_id, d.to_id FROM reform_work w JOIN reform_door d USING (code)
ORDER BY w.from_id, w.code
