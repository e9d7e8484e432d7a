SELECT count(*), count(*) FILTER (o.outcome = 'new'),
    count(*) FILTER (o.outcome IN ('changed', 'revived')),
    count(*) FILTER (o.outcome = 'unchanged'), count(*) FILTER (o.outcome = 'linked'),
    count(*) FILTER (o.outcome = 'linked' AND (o.head IS NOT NULL
        OR o.row_number IN (SELECT row_number FROM sharing))),
    count(*) FILTER (e.rejected), (SELECT count(*) FROM skipped)
FROM entry e LEFT JOIN outcome o ON o.row_number = e.row_number
