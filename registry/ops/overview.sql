-- demo --
-- The first real import removes every demonstration code, so one of them is enough.
SELECT EXISTS (SELECT FROM household WHERE code < '1')

-- state --
SELECT (SELECT occurred_at FROM event ORDER BY id DESC LIMIT 1),
    ({demo})

-- boundaries --
SELECT concat_ws(' ', count(*), max(loaded_at), count(*) FILTER (WHERE approximate))
FROM boundary
