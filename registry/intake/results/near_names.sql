SELECT field, value AS name, string_split(beside, '; ') AS near, count(*) AS rows FROM near_row
GROUP BY ALL ORDER BY rows DESC, field, name LIMIT $most
