INSERT INTO admin_unit_succession (predecessor_id, successor_id, extent, effective_on, source)
SELECT r.id, n.id, p.extent, p.effective_on, p.source
FROM part p JOIN unit_ref r USING (unit) JOIN unit_ref n ON n.unit = p.continued_by
ON CONFLICT (predecessor_id, successor_id) DO UPDATE
SET extent = excluded.extent, effective_on = excluded.effective_on, source = excluded.source;
