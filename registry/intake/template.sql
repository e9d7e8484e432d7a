-- places --
-- Places with only demo households are made up.
-- by street, locality
SELECT DISTINCT kind, name FROM place p
WHERE class = '{class}' AND unit_id = :unit AND merged_into_id IS NULL
    AND (NOT EXISTS (SELECT FROM household h WHERE h.{class}_id = p.id AND h.code < '1')
        OR EXISTS (SELECT FROM household h WHERE h.{class}_id = p.id AND h.code >= '1'))
ORDER BY {order}

-- street --
-- with class: street
-- with order: name, kind

-- locality --
-- with class: locality
-- with order: kind, name
