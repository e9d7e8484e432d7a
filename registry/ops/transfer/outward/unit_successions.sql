SELECT p.unit, n.unit AS continued_by, s.extent, s.effective_on, s.source
FROM admin_unit_succession s
JOIN unit_ref p ON p.id = s.predecessor_id
JOIN unit_ref n ON n.id = s.successor_id
WHERE s.source LIKE 'decision%'
ORDER BY p.unit COLLATE "C", n.unit COLLATE "C"
