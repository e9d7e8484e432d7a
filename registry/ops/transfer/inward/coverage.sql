INSERT INTO coverage_day (day, unit_id, households, dwellings, positioned, verified, deliverable,
    plated, suspected, unnumbered, target, target_quality, target_counted)
SELECT p.day, u.id, p.households, p.dwellings, p.positioned, p.verified, p.deliverable, p.plated,
    p.suspected, p.unnumbered, p.target, p.target_quality, p.target_counted
FROM part p LEFT JOIN unit_ref u USING (unit);
