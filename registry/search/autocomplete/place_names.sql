-- street --
-- with class: street

-- locality --
-- with class: locality

-- names --
-- by street, locality
-- One row per name in its commonest spelling, except names that only diacritics distinguish from
-- another one of their commune. Merged places have no name of their own. A name that was dropped
-- and taken again occurs twice; the place is one.
SELECT p.key, mode() WITHIN GROUP (ORDER BY p.name), mode() WITHIN GROUP (ORDER BY p.kind),
    string_agg(p.unit_id::text, ' ' ORDER BY p.unit_id, p.id),
    string_agg(p.id::text, ' ' ORDER BY p.unit_id, p.id),
    string_agg(p.merged::text, ' ' ORDER BY p.unit_id, p.id)
FROM (
    SELECT p.key, p.own_key, p.name, p.kind, p.unit_id, p.id, 0 AS merged
    FROM place p
    WHERE p.class = '{class}' AND p.merged_into_id IS NULL
    UNION ALL
    SELECT a.key, a.key, a.name, a.kind, a.unit_id, a.place_id,
        (a.named_id <> a.place_id)::int
    FROM place_alias a JOIN place p ON p.id = a.place_id
    WHERE a.class = '{class}' AND p.key <> a.key
) p
GROUP BY p.key, p.own_key

-- open_buildings --
-- The index ix_household_building covers it, and has few other rows.
household h WHERE h.kind = 'building' AND {open}

-- buildings --
SELECT building_key, mode() WITHIN GROUP (ORDER BY building_name), '',
    string_agg(unit_id::text, ' ' ORDER BY unit_id, code),
    string_agg(code, ' ' ORDER BY unit_id, code), string_agg('0', ' ')
FROM {open_buildings} AND building_key IS NOT NULL
GROUP BY building_key

-- state --
SELECT (SELECT max(id) FROM place), (SELECT version FROM gazetteer_state),
    (SELECT count(*) FROM {open_buildings}), (SELECT max(id) FROM event)
