-- waiting --
SELECT
    (SELECT count(*) FROM household h
        WHERE h.status = 'proposed'
            AND (CAST(:reach AS integer[]) IS NULL OR h.unit_id = ANY (:reach)))
     + (SELECT count(*) FROM pending_operation p WHERE p.state = 'waiting'
         AND p.expires_at > clock_timestamp()
             AND (CAST(:reach AS integer[]) IS NULL OR p.unit_ids && CAST(:reach AS integer[])))
         AS proposals,
    (SELECT count(*) FROM field_report f WHERE f.state IN ('open', 'proposed')
        AND (CAST(:reach AS integer[]) IS NULL OR f.unit_id = ANY (:reach))) AS reports,
    (SELECT count(*) FROM field_record f JOIN field_round r ON r.id = f.round_id
        WHERE f.state = 'waiting'
            AND (CAST(:reach AS integer[]) IS NULL OR r.unit_id = ANY (:reach))) AS found,
    (SELECT count(*) FROM import i JOIN import_work w ON w.import_id = i.id
        WHERE i.state = 'reported'
            AND (CAST(:reach AS integer[]) IS NULL
                OR w.unit_ids && CAST(:reach AS integer[]))) AS imports

-- reforms --
SELECT number, effective_on FROM reform
WHERE state = 'prepared'
    AND (CAST(:reach AS integer[]) IS NULL OR unit_ids && CAST(:reach AS integer[]))
ORDER BY effective_on, number

-- keys_ending --
SELECT k.name, k.expires_at FROM api_key k
WHERE k.revoked_at IS NULL AND k.expires_at > clock_timestamp()
    AND k.expires_at < clock_timestamp() + make_interval(days => :days)
    AND (CAST(:reach AS integer[]) IS NULL OR EXISTS (
        SELECT FROM api_key_unit b WHERE b.key_id = k.id AND b.unit_id = ANY (:reach)))
ORDER BY k.expires_at

-- latest_events --
SELECT e.id, e.kind, e.actor, e.decision_number, e.occurred_at, c.records, c.code
FROM (SELECT * FROM event ORDER BY id DESC LIMIT :events) e
CROSS JOIN LATERAL (
    SELECT count(*) AS records, min(h.code) AS code
    FROM (SELECT code, unit_id FROM household WHERE event_id = e.id ORDER BY code
        LIMIT :records) h
    WHERE (CAST(:reach AS integer[]) IS NULL OR h.unit_id = ANY (:reach))
) c
WHERE c.records > 0
ORDER BY e.id DESC LIMIT :limit
