SELECT r.unit, u.level, u.code, lower(u.lifetime) AS first_day, upper(u.lifetime) - 1 AS last_day,
    ST_X(u.seat) AS lon, ST_Y(u.seat) AS lat, u.area_km2, u.source
FROM decided_unit d
JOIN admin_unit u USING (id)
JOIN unit_ref r USING (id)
ORDER BY r.unit COLLATE "C"
