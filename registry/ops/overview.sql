-- state --
SELECT (SELECT occurred_at FROM event ORDER BY id DESC LIMIT 1),
    EXISTS (SELECT FROM household WHERE code < '1')

-- boundaries --
SELECT concat_ws(' ', count(*), max(loaded_at), count(*) FILTER (WHERE approximate))
FROM boundary
