-- figures --
SELECT 'dwellings', jsonb_build_object('which', each.which), each.number
FROM (
    SELECT sum(dwellings) AS d, sum(positioned) AS p, sum(verified) AS v,
        sum(deliverable) AS c, sum(plated) AS b
    FROM coverage_count WHERE NOT with_demo
) s, LATERAL (VALUES ('all', d), ('positioned', p), ('verified', v), ('deliverable', c),
    ('plated', b)) each (which, number)
UNION ALL
SELECT 'imports', jsonb_build_object('state', state), count(*) FROM import GROUP BY state
UNION ALL
SELECT 'reports_open', '{}', count(*) FROM field_report WHERE state = 'open'
UNION ALL
SELECT 'records_proposed', '{}', count(*) FROM household WHERE status = 'proposed'
UNION ALL
SELECT 'webhooks', jsonb_build_object('state', state), count(*) FROM webhook GROUP BY state
UNION ALL
SELECT 'reforms', jsonb_build_object('state', state), count(*) FROM reform GROUP BY state
UNION ALL
SELECT 'events_pending', '{}', count(*) FROM event_pending
UNION ALL
SELECT 'event_pending_age_seconds', '{}',
    extract(epoch FROM clock_timestamp() - min(e.occurred_at))
FROM event_pending JOIN event e ON e.id = event_id
UNION ALL
SELECT 'feed_position', '{}', max(position) FROM feed
UNION ALL
SELECT 'last_event_timestamp_seconds', '{}', extract(epoch FROM occurred_at)
FROM event WHERE id = (SELECT max(id) FROM event)
UNION ALL
SELECT 'answers', jsonb_build_object('kind', kind, 'outcome', outcome), sum(asked)
FROM service_count GROUP BY kind, outcome
UNION ALL
SELECT 'backup_timestamp_seconds', jsonb_build_object('kind', kind),
    extract(epoch FROM max(done_at))
FROM backup_run GROUP BY kind
