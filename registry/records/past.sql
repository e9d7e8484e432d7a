-- at_ends_of_days --
-- with ended: {ended_by_decision}
-- with day: k.day
-- with at: {midnight}
SELECT k.question, k.day, {around}, {columns_at}
FROM {lines} CROSS JOIN LATERAL {household_at} h
{places_at}

-- household_at --
-- with table: household
-- with read: code, {state}
-- with key: code = k.code COLLATE "C"
{state_at}

-- around --
-- Communes of that day that may hold the door, by where it is known to lie today: it has not moved
-- since. A degree is more than 100 km here, so that a metre is a little more than it should be.
(
    SELECT array_agg(DISTINCT p.unit_id)
    FROM household o
    JOIN boundary_part p ON ST_DWithin(p.geom, o.point,
        greatest(coalesce(o.position_accuracy_m, {unknown_m}), {edge_m}) / 100000.0)
    JOIN admin_unit u ON u.id = p.unit_id
    WHERE o.code = k.code COLLATE "C" AND u.level = 'commune' AND u.lifetime @> k.day
)
