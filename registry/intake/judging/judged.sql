-- in: entry, the parts. out: judged, the entries with their parts.
CREATE VIEW judged AS
SELECT e.*, n.number, n.number_key, n.alley_only, t.street_kind, t.street_name, t.street_key,
    p.place_kinds, p.place_names, p.place_keys, f.building_name, f.building_key, f.storey, f.flat,
    c.commune_code, c.candidates, c.commune_problem, c.commune_notice
FROM entry e
JOIN commune c ON c.at = e.commune_at
LEFT JOIN number n ON n.at = e.number_at
LEFT JOIN street t ON t.at = e.street_at
LEFT JOIN place p ON p.at = e.place_at
LEFT JOIN flat f ON f.at = e.flat_at;
