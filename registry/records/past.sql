-- at_ends_of_days --
-- with ended: {ended_by_decision}
-- with day: k.day
-- with at: {midnight}
SELECT k.question, k.day, {columns_at}
FROM {lines} CROSS JOIN LATERAL {household_at} h
{places_at}

-- household_at --
-- with table: household
-- with read: code, {state}
-- with key: code = k.code COLLATE "C"
{state_at}
