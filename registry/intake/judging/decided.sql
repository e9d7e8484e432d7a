-- in: between_communes, reach; held, which of their polygons contain the points.
-- out: decided, the commune of each row whose point decides.
INSERT INTO decided
-- The point decides a split commune if exactly one candidate contains it.
SELECT row_number, min(unit_id) AS unit_id
FROM held WHERE is_in GROUP BY row_number HAVING count(DISTINCT unit_id) = 1;
-- Namesakes in several provinces are distinguished by their seats: the point is within the reach of
-- one, more than three times as far from every other one, and beyond half the reach of those. Parts
-- of a split commune are adjacent, so this does not decide them.
INSERT INTO decided
SELECT row_number, min(unit_id) FILTER (WHERE place = 1)
FROM (
    SELECT b.row_number, b.unit_id, r.reach_km, kilometres(b.lon, b.lat, r.lon, r.lat) AS km,
        min(km) OVER (PARTITION BY b.row_number) AS least,
        row_number() OVER (PARTITION BY b.row_number ORDER BY km) AS place
    FROM between_communes b LEFT JOIN reach r ON r.unit_id = b.unit_id
    WHERE b.row_number NOT IN (SELECT row_number FROM decided)
)
GROUP BY row_number
HAVING bool_and(km IS NOT NULL)
    AND bool_and(CASE WHEN place = 1 THEN km <= reach_km
        ELSE km > reach_km / 2 AND km > 3 * least END);
