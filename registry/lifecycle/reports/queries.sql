-- same --
SELECT f.id, f.state, said.at IS NOT NULL AS counted
FROM field_report f
LEFT JOIN household h ON h.code = f.code
LEFT JOIN LATERAL (
    SELECT v.said_at AS at FROM field_report_voice v
    WHERE v.report_id = f.id AND v.reporter = :who
) said ON true
WHERE {which} AND f.kind = :kind AND f.state IN ('open', 'proposed') AND NOT {stale}
ORDER BY f.id LIMIT 1
-- Locked, so that it is not decided while it is counted.
FOR UPDATE OF f

-- is_near --
ST_DWithin(f.point::geography, (SELECT {point}::geography AS at), :near_m)

-- same_record --
-- with which: f.code = :code
{same}

-- same_point --
-- with which: f.code = :code AND {is_near}
{same}

-- same_entrance --
-- with which: f.code = :code AND f.entrance = :entrance AND {is_same_note} AND {is_near}
{same}

-- is_same_note --
lower(f.note) IS NOT DISTINCT FROM lower(:note)

-- same_address --
-- with which: f.code IS NULL AND f.unit_id = :unit AND f.address_key = :key
{same}

-- same_place --
-- with which: f.code IS NULL AND f.unit_id = :unit AND f.address_key IS NULL AND {is_near}
{same}

-- insert_receipt --
INSERT INTO field_report_receipt (token_hash, report_id, key_id) VALUES (:hash, :id, :key)
ON CONFLICT (token_hash) DO NOTHING

-- forget_oldest_receipts --
DELETE FROM field_report_receipt WHERE token_hash IN (
    SELECT token_hash FROM field_report_receipt WHERE report_id = :id
    ORDER BY given_at DESC OFFSET :most)

-- forget_receipts --
DELETE FROM field_report_receipt WHERE given_at < clock_timestamp() - make_interval(days => :days)

-- reported --
f.id, f.kind, f.state, f.unit_id, f.word, f.address_text,
-- A new house has the code of its record, which may be restricted.
CASE WHEN f.kind <> 'new_house' OR NOT h.restricted THEN f.code END,
f.reported_at, CASE WHEN f.state <> 'proposed' THEN e.occurred_at END

-- reported_from --
LEFT JOIN household h ON h.code = f.code
LEFT JOIN event e ON e.id = f.decided_event_id

-- report_of_receipt --
SELECT {reported} FROM field_report_receipt r JOIN field_report f ON f.id = r.report_id
{reported_from}
WHERE r.token_hash = :hash
    AND r.given_at >= clock_timestamp() - make_interval(days => :days)

-- reports_of_key --
SELECT {reported} FROM (
    SELECT DISTINCT report_id AS id FROM field_report_receipt
    WHERE key_id = :key AND report_id < :before ORDER BY report_id DESC LIMIT :limit
) r JOIN field_report f USING (id) {reported_from}
ORDER BY f.id DESC

-- forget_voices --
DELETE FROM field_report_voice WHERE reporter >= 'client:' AND reporter < 'client;'
    AND said_at < current_date

-- said_today --
SELECT count(*) FROM field_report_voice WHERE reporter = :who AND said_at >= current_date

-- communes_drawn_near --
SELECT DISTINCT p.unit_id
FROM boundary_part p JOIN admin_unit u ON u.id = p.unit_id
WHERE ST_DWithin(p.geom, {point}, :degrees)
    AND u.level = 'commune' AND u.lifetime @> current_date
ORDER BY p.unit_id

-- alike --
SELECT p.id, f.id AS other
FROM field_report p JOIN field_report f ON f.id <> p.id AND f.code = p.code
WHERE p.id = ANY (:ids) AND f.state IN ('open', 'proposed')
UNION
SELECT p.id, f.id
FROM field_report p JOIN field_report f ON f.id <> p.id AND f.unit_id = p.unit_id
    AND f.code IS NULL AND f.state = 'open'
    AND (f.address_key = p.address_key OR (f.point && ST_Expand(p.point, :degrees)
        AND ST_DWithin(f.point::geography, p.point::geography, :near_m)))
WHERE p.id = ANY (:ids) AND p.code IS NULL

-- lock_report --
SELECT f.id, f.kind, f.code, f.unit_id, f.state, f.decided_event_id, f.seen_event_id,
    f.last_reported_at, ST_X(f.point) AS lon, ST_Y(f.point) AS lat, f.position_accuracy_m,
    f.address_parts, f.entrance, f.note, f.reporter_role, u.code AS unit,
    u.level = 'commune' AS in_commune,
    -- A province and its successors.
    CASE WHEN u.level <> 'commune' THEN ARRAY (
        WITH RECURSIVE onward AS (
            SELECT f.unit_id AS id
            UNION
            SELECT s.successor_id
            FROM onward o JOIN admin_unit_succession s ON s.predecessor_id = o.id
        ) SELECT n.code FROM onward o JOIN admin_unit n ON n.id = o.id
    ) ELSE '{}' END AS provinces
FROM field_report f JOIN admin_unit u ON u.id = f.unit_id
WHERE f.id = :id
FOR UPDATE OF f

-- current --
SELECT h.code, h.event_id, h.status, h.house_number, h.verified_on,
    ST_X(h.point) AS lon, ST_Y(h.point) AS lat, h.entrances, {stale} AS stale
FROM field_report f JOIN household h ON h.code = f.code WHERE f.id = :id

-- decide --
UPDATE field_report SET state = :state, decided_event_id = :event, code = coalesce(code, :code),
    word = :word,
    -- Accepted text is in the record; rejected text may name a person.
    note = NULL
WHERE id = :id

-- said_otherwise --
SELECT EXISTS (
    SELECT FROM field_report f JOIN field_report_voice v ON v.report_id = f.id
    WHERE f.code = :code AND f.kind = :kind AND f.state = 'open'
        AND v.reporter = :who AND v.said_at >= current_date
)

-- insert_report --
INSERT INTO field_report (kind, code, unit_id, point, position_accuracy_m, address_text,
    address_parts, address_key, reporter_role, seen_event_id, entrance, note)
VALUES (:kind, :code, :unit, {point}, :accuracy_m, :address,
    CAST(:parts AS jsonb), :key, :role, :seen, :entrance, :note)
RETURNING id

-- count_reporter --
UPDATE field_report SET
    carriers = carriers + CAST(:column = 'carriers' AS int),
    merchants = merchants + CAST(:column = 'merchants' AS int),
    residents = residents + CAST(:column = 'residents' AS int),
    officials = officials + CAST(:column = 'officials' AS int),
    last_reported_at = clock_timestamp()
WHERE id = :id

-- queue --
-- The page first, by the index in its order, so that joined tables are read for this page only.
-- by by_voices, newest
-- where in_state, of_units, of_kind, of_street, after, are
SELECT f.id, f.kind, f.code, f.unit_id, f.state, f.address_text,
    ST_X(f.point), ST_Y(f.point), f.position_accuracy_m,
    f.reporters, f.carriers, f.merchants, f.residents, f.officials,
    f.reported_at, f.last_reported_at, {stale},
    CASE WHEN f.kind IN ('wrong_point', 'entrance') AND h.point IS NOT NULL
        THEN ST_Distance(f.point::geography, h.point::geography) END,
    e.id, e.kind, e.reason, e.decision_number, e.occurred_at, f.word, f.entrance,
    f.note,
    {columns}
FROM (
    SELECT * FROM field_report
    WHERE {where}
    ORDER BY {first} DESC, id LIMIT :limit
) f
LEFT JOIN household h ON h.code = f.code
{joins}
LEFT JOIN event e ON e.id = f.decided_event_id
ORDER BY f.{first} DESC, f.id

-- by_voices --
-- with first: reporters

-- newest --
-- with first: decided_event_id

-- in_state --
state = :state

-- of_units --
unit_id = ANY (:units)

-- of_kind --
kind = :kind

-- of_street --
split_part(address_key, '|', 2) = ANY (:streets) OR EXISTS (
    SELECT FROM household d JOIN place t ON t.id = d.street_id
    WHERE d.code = field_report.code AND t.key = ANY (:streets))

-- after --
-- No row comparison: one column descends, the other ascends.
{first} < :first OR ({first} = :first AND id > :second)

-- are --
id = ANY (:ids)
