SELECT use, count(*) FROM (
    SELECT DISTINCT row_number, unnest(regexp_extract_all(
        coalesce(r.uses_read, '{"use": "dwelling"}'), '"use": "([a-z_]+)"', 1)) AS use
    FROM row_use r JOIN entry e USING (row_number) WHERE NOT e.rejected
) GROUP BY use ORDER BY use
