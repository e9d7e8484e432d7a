-- units_now --
SELECT u.id, u.code, upper(u.lifetime) AS ended, v.province_id, v.name, v.kind
FROM admin_unit u
JOIN LATERAL (
    SELECT * FROM admin_unit_version v WHERE v.unit_id = u.id ORDER BY v.valid DESC LIMIT 1
) v ON true
WHERE u.level <> 'district' AND coalesce(upper(u.lifetime), 'infinity') > current_date

-- remember --
CREATE TEMPORARY TABLE unit_before ON COMMIT DROP AS
SELECT n.*, ARRAY (
    SELECT s.successor_id FROM admin_unit_succession s WHERE s.predecessor_id = n.id
) AS successors
FROM ({units_now}) n

-- taken --
WITH now AS (
    SELECT b.*, upper(u.lifetime) AS ends, v.province_id AS province, lower(v.valid) AS since,
        (SELECT min(s.effective_on) FROM admin_unit_succession s
         WHERE s.predecessor_id = b.id AND s.successor_id <> ALL (b.successors)) AS cut_on
    FROM unit_before b
    JOIN admin_unit u ON u.id = b.id
    JOIN LATERAL (
        SELECT * FROM admin_unit_version v WHERE v.unit_id = b.id ORDER BY v.valid DESC LIMIT 1
    ) v ON true
)
SELECT id, code, name,
    CASE WHEN ends IS DISTINCT FROM ended THEN 'ended'
        WHEN province IS DISTINCT FROM province_id THEN 'moved' ELSE 'gives_part' END AS change,
    CASE WHEN ends IS DISTINCT FROM ended THEN ends
        WHEN province IS DISTINCT FROM province_id THEN since ELSE cut_on END AS day
FROM now
WHERE ends IS DISTINCT FROM ended OR province IS DISTINCT FROM province_id
    OR cut_on IS NOT NULL
ORDER BY code, id

-- holdings --
-- Estimates of provinces come with the seeds.
SELECT u.id,
    (SELECT count(*) FROM household h WHERE h.unit_id = u.id
        AND h.kind = 'household' AND h.status <> 'retired') AS households,
    (SELECT count(*) FROM household h WHERE h.unit_id = u.id
        AND h.kind = 'building' AND h.status <> 'retired') AS buildings,
    (SELECT count(*) FROM place t WHERE t.unit_id = u.id AND t.class = 'street'
        AND t.merged_into_id IS NULL) AS streets,
    (SELECT count(*) FROM place t WHERE t.unit_id = u.id AND t.class = 'locality'
        AND t.merged_into_id IS NULL) AS localities,
    (SELECT count(*) FROM api_key_unit b JOIN api_key k ON k.id = b.key_id
        WHERE b.unit_id = u.id AND k.revoked_at IS NULL) AS keys,
    (SELECT count(*) FROM target t WHERE t.unit_id = u.id AND t.withdrawn_at IS NULL
        AND (t.quality <> 'estimate' OR l.level <> 'province')) AS targets
FROM unnest(CAST(:units AS integer[])) AS u (id) JOIN admin_unit l USING (id)
