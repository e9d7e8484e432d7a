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
-- Communes of that day that may contain the door, by its current point: doors do not move. A degree
-- is more than 100 km here, so that distances are slightly overestimated.
-- OFFSET 0 and the sub-select keep the planner from the index of units by level and day, by which
-- it would read every commune of that day.
(
    SELECT array_agg(DISTINCT p.unit_id)
    FROM (
        SELECT b.unit_id FROM household o JOIN boundary_part b ON ST_DWithin(b.geom, o.point,
            greatest(coalesce(o.position_accuracy_m, {unknown_m}), {edge_m}) / 100000.0)
        WHERE o.code = k.code COLLATE "C" AND coalesce(o.position_accuracy_m, 0) <= {far_m} OFFSET 0
    ) p
    WHERE (SELECT u.level = 'commune' AND u.lifetime @> k.day FROM admin_unit u
        WHERE u.id = p.unit_id)
)
