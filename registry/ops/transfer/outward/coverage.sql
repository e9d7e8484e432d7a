SELECT c.day, r.unit, c.households, c.dwellings, c.positioned, c.verified, c.deliverable,
    c.plated, c.suspected, c.unnumbered, c.target, c.target_quality, c.target_counted
FROM coverage_day c JOIN unit_ref r ON r.id = c.unit_id
ORDER BY c.day, r.unit COLLATE "C"
