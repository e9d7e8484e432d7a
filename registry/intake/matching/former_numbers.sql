-- Resolve former numbers: which door a row means if its number belonged to another door before.
-- A number means the door that has it now, else the door that had it. If both are possible and no
-- point decides, the current number counts, with a warning. A known reference keeps its door: its
-- former number never renumbers it back.

-- The street, or the place as a negative id, along which a row's number was counted: the one that had
-- the former name in the row, else the one with the name now. `elsewhere`: it is now part of another.
CREATE TABLE borne AS
SELECT *, CASE WHEN street_id IS NULL THEN -locality_id ELSE street_id END AS along
FROM former_number;
CREATE TABLE counted AS
WITH named AS (
    SELECT part, row_number, unnest(named_ids) AS id, today_id FROM renamed
    WHERE NOT unclear AND depth = 1
), counting AS (
    SELECT 'street' AS part, s."at", t.id, t.unit_id, t.former_unit_id
    FROM street s JOIN registered_street t ON t.own_key = s.street_key
    WHERE t.id IN (SELECT along FROM borne)
    UNION ALL
    SELECT 'place', p."at", l.id, l.unit_id, l.former_unit_id
    FROM place p JOIN registered_locality l ON l.own_key = p.place_keys[1]
    WHERE -l.id IN (SELECT along FROM borne)
), naming AS (
    SELECT *, CASE WHEN street_at IS NULL THEN 'place' ELSE 'street' END AS part,
        coalesce(street_at, place_at) AS "at"
    FROM unsettled
)
SELECT n.row_number, CASE n.part WHEN 'street' THEN n.id ELSE -n.id END AS along,
    n.id <> n.today_id AS elsewhere
FROM named n JOIN naming u ON u.row_number = n.row_number AND u.part = n.part
UNION ALL
SELECT u.row_number, CASE u.part WHEN 'street' THEN c.id ELSE -c.id END, false
FROM naming u JOIN counting c ON c.part = u.part AND c."at" = u."at" AND c.unit_id = u.unit_id
    AND may_be_same(c.former_unit_id, u.former_id)
WHERE NOT EXISTS (FROM named n WHERE n.row_number = u.row_number AND n.part = u.part);

-- The doors that had the number: for a known reference only its own, else those near the point.
CREATE TABLE bearer AS
SELECT DISTINCT ON (c.row_number, h.code) c.row_number, c.elsewhere, h.code, k.code AS own,
    h.house_number, h.house_number_key, h.street_id, d.number, d.number_key, d.street_key
FROM counted c
JOIN borne f ON f.along = c.along
JOIN door d ON d.row_number = c.row_number AND d.number_key = f.house_number_key
LEFT JOIN known k ON k.row_number = c.row_number
JOIN household h ON h.code = f.code AND h.kind = 'household' AND h.unit_id = d.unit_id
    AND h.status IN ('active', 'proposed')
    AND h.building_key IS NOT DISTINCT FROM d.building_key
    AND h.floor IS NOT DISTINCT FROM d.storey AND h.unit_number IS NOT DISTINCT FROM d.flat
WHERE k.code = h.code OR k.code IS NULL AND is_near(d.numbered, d.lon, d.lat, h.lon, h.lat)
ORDER BY c.row_number, h.code, c.elsewhere;

-- A known reference keeps the current number and street of its record.
CREATE TABLE own_number AS
SELECT b.row_number, b.number, b.house_number, b.house_number_key, t.kind, t.name, t.own_key,
    (SELECT coalesce(max("at"), 0) FROM number) + row_number() OVER w AS number_at,
    (SELECT coalesce(max("at"), 0) FROM street) + row_number() OVER w AS street_at
FROM bearer b
LEFT JOIN registered_street t ON t.id = b.street_id AND t.own_key IS DISTINCT FROM b.street_key
WHERE b.own = b.code AND (b.house_number_key IS DISTINCT FROM b.number_key OR t.id IS NOT NULL)
WINDOW w AS (ORDER BY b.row_number);
INSERT INTO number ("at", number, number_key, alley_only)
SELECT number_at, house_number, house_number_key, false FROM own_number
WHERE house_number IS NOT NULL;
INSERT INTO street ("at", street_kind, street_name, street_key)
SELECT street_at, kind, name, own_key FROM own_number WHERE own_key IS NOT NULL;
UPDATE entry e SET number_at = CASE WHEN o.house_number IS NOT NULL THEN o.number_at END,
    street_at = CASE WHEN o.own_key IS NOT NULL THEN o.street_at ELSE e.street_at END
FROM own_number o WHERE o.row_number = e.row_number;
INSERT INTO problem (row_number, field, code, severity, value, proposed_fix)
SELECT row_number, 'house_number', 'former_number', 'warning', number,
    concat_ws(' ', house_number, kind, name)
FROM own_number;

-- For other rows: the door that has the number now, if any, against those that had it. On a street
-- merged into another one, a current number counts only if a point confirms it.
CREATE TABLE weighed AS
WITH today AS (
    SELECT r.row_number, r.code, a.lon IS NOT NULL AND h.lon IS NOT NULL AS measured
    FROM registered r
    JOIN address a ON a.row_number = r.row_number
    JOIN household h ON h.code = r.code
), bore AS (
    SELECT b.row_number, bool_or(b.elsewhere) AS elsewhere, bool_or(b.code = t.code) AS todays,
        count(*) FILTER (b.code IS DISTINCT FROM t.code) AS others,
        min(b.code) FILTER (b.code IS DISTINCT FROM t.code) AS code,
        string_agg(b.house_number, '; ' ORDER BY b.code)
            FILTER (b.code IS DISTINCT FROM t.code) AS house_number
    FROM bearer b LEFT JOIN today t ON t.row_number = b.row_number
    WHERE b.own IS NULL
    GROUP BY b.row_number
), moved AS (
    SELECT DISTINCT row_number FROM renamed
    WHERE NOT unclear AND depth = 1 AND NOT list_contains(named_ids, today_id)
)
SELECT row_number, b.code, b.house_number,
    CASE WHEN b.others > 1 OR b.others = 1 AND b.elsewhere AND b.todays THEN 'unclear'
        WHEN b.others = 1 AND (t.code IS NULL OR b.elsewhere) THEN 'former'
        WHEN b.others = 1 AND NOT t.measured THEN 'today'
        WHEN b.others IS NULL AND m.row_number IS NOT NULL AND NOT t.measured THEN 'unclear'
        END AS verdict
FROM bore b FULL JOIN moved m USING (row_number) LEFT JOIN today t USING (row_number);
DELETE FROM registered
WHERE row_number IN (SELECT row_number FROM weighed WHERE verdict = 'former');
INSERT INTO registered
SELECT row_number, code, false, NULL FROM weighed WHERE verdict = 'former';
INSERT INTO problem (row_number, field, code, severity, value, proposed_fix)
SELECT w.row_number, 'house_number',
    CASE w.verdict WHEN 'former' THEN 'former_number' ELSE 'number_of_two_houses' END, 'warning',
    j.number, w.house_number
FROM weighed w JOIN judged j ON j.row_number = w.row_number
WHERE w.verdict IN ('former', 'today') ORDER BY w.row_number;
INSERT INTO refused
SELECT w.row_number, 'house_number', 'former_address_unclear', j.number, w.house_number
FROM weighed w JOIN judged j ON j.row_number = w.row_number WHERE w.verdict = 'unclear';
