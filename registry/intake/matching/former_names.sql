-- Resolve former names to current places. A file may be older than a decision that renamed a street
-- or merged two hamlets: its names must still find the door, instead of making the old street again.
-- A current name in the commune takes precedence, unless the reference shows that the former one is
-- meant. A name of several places rejects the row with a question.

CREATE TABLE old_street AS
SELECT s.at, s.street_key AS key, a.unit_id, a.former_unit_id, a.named_id, a.today_id,
    concat_ws(' ', a.kind, a.name) AS old_name
FROM street s JOIN street_alias a ON a.key = folded(s.street_key)
WHERE NOT are_apart(s.street_name, a.name);
CREATE TABLE todays_street AS
SELECT id, former_unit_id, kind, name, own_key, concat_ws(' ', kind, name) AS written,
    (SELECT coalesce(max("at"), 0) FROM street) + row_number() OVER (ORDER BY id) AS "at"
FROM registered_street WHERE id IN (SELECT today_id FROM old_street);

-- The innermost level of a nested place with a former name; its outer levels follow from it.
CREATE TABLE old_place AS
SELECT p.at, p.depth, p.keys[p.depth] AS key, p.keys[p.depth + 1] AS outer_key,
    p.keys[p.depth + 1:] AS outer_keys, a.unit_id, a.former_unit_id, a.named_id, a.today_id,
    concat_ws(' ', a.kind, a.name) AS old_name
FROM (
    SELECT "at", place_keys AS keys, place_names AS names,
        unnest(range(1, len(place_keys) + 1)) AS depth
    FROM place
) p
JOIN locality_alias a ON a.key = folded(p.keys[p.depth])
WHERE NOT are_apart(p.names[p.depth], a.name);
CREATE TABLE todays_place AS
WITH RECURSIVE up AS (
    SELECT id, [id] AS ids, [kind] AS kinds, [name] AS names, [own_key] AS keys, parent_id
    FROM registered_locality WHERE id IN (SELECT today_id FROM old_place)
    UNION ALL
    SELECT up.id, list_append(ids, p.id), list_append(kinds, p.kind), list_append(names, p.name),
        list_append(keys, p.own_key), p.parent_id
    FROM up JOIN registered_locality p ON p.id = up.parent_id
)
SELECT o.at AS old_at, o.depth, h.id, l.former_unit_id, concat_ws(' ', l.kind, l.name) AS written,
    p.place_kinds[:o.depth - 1] || h.kinds AS kinds,
    p.place_names[:o.depth - 1] || h.names AS names,
    p.place_keys[:o.depth - 1] || h.keys AS keys,
    (SELECT coalesce(max("at"), 0) FROM place)
        + row_number() OVER (ORDER BY o.at, o.depth, h.id) AS "at"
FROM (SELECT DISTINCT "at", depth, today_id, outer_keys FROM old_place) o
JOIN place p ON p.at = o.at
JOIN up h ON h.id = o.today_id AND h.parent_id IS NULL
JOIN registered_locality l ON l.id = h.id
WHERE NOT EXISTS (
    FROM (SELECT unnest(o.outer_keys) AS key) k
    WHERE NOT list_contains(h.keys, k.key) AND NOT EXISTS (
        FROM locality_alias a WHERE a.key = folded(k.key) AND list_contains(h.ids, a.today_id)));

CREATE TABLE meant AS
SELECT 'street' AS part, u.row_number, o.old_name, o.named_id, o.today_id, t.at, t.written,
    t.former_unit_id, 1 AS depth, u.own_street IS NOT DISTINCT FROM o.today_id AS own
FROM unsettled u
JOIN old_street o ON o.at = u.street_at AND o.unit_id = u.unit_id
    AND may_be_same(o.former_unit_id, u.former_id)
JOIN todays_street t ON t.id = o.today_id
WHERE u.own_street IS NOT DISTINCT FROM o.today_id OR NOT EXISTS (
    FROM registered_street l WHERE l.unit_id = u.unit_id AND l.own_key = o.key
        AND may_be_same(l.former_unit_id, u.former_id));
INSERT INTO meant
SELECT 'place', u.row_number, o.old_name, o.named_id, o.today_id, t.at, t.written,
    t.former_unit_id, o.depth, u.own_place IS NOT DISTINCT FROM o.today_id AS own
FROM unsettled u
JOIN old_place o ON o.at = u.place_at AND o.unit_id = u.unit_id
    AND may_be_same(o.former_unit_id, u.former_id)
JOIN todays_place t ON t.old_at = o.at AND t.depth = o.depth AND t.id = o.today_id
WHERE u.own_place IS NOT DISTINCT FROM o.today_id OR NOT EXISTS (
    FROM registered_locality l LEFT JOIN registered_locality h ON h.id = l.parent_id
    WHERE l.unit_id = u.unit_id AND l.own_key = o.key
        AND h.own_key IS NOT DISTINCT FROM o.outer_key
        AND may_be_same(l.former_unit_id, u.former_id))
QUALIFY o.depth = min(o.depth) OVER (PARTITION BY u.row_number);

-- The reference decides; otherwise there must be only one place. `named_ids`: the places that had
-- the name, along which numbers were counted.
INSERT INTO renamed
SELECT part, row_number, min(old_name) AS old_name, min(today_id) AS today_id, min("at") AS "at",
    min(former_unit_id) AS former_unit_id, min(depth) AS depth,
    string_agg(DISTINCT written, '; ' ORDER BY written) AS written,
    list(DISTINCT named_id) AS named_ids, count(DISTINCT today_id) > 1 AS unclear
FROM (SELECT *, bool_or(own) OVER (PARTITION BY part, row_number) AS decided FROM meant)
WHERE own OR NOT decided
GROUP BY part, row_number;

INSERT INTO street ("at", street_kind, street_name, street_key)
SELECT "at", kind, name, own_key FROM todays_street;
INSERT INTO place ("at", place_kinds, place_names, place_keys)
SELECT "at", kinds, names, keys FROM todays_place;
UPDATE entry e SET street_at = r.at, former_id = coalesce(r.former_unit_id, e.former_id)
FROM renamed r WHERE r.row_number = e.row_number AND r.part = 'street' AND NOT r.unclear;
UPDATE entry e SET place_at = r.at, former_id = coalesce(r.former_unit_id, e.former_id)
FROM renamed r WHERE r.row_number = e.row_number AND r.part = 'place' AND NOT r.unclear;
INSERT INTO refused
SELECT r.row_number, f.field, 'former_address_unclear', r.old_name, r.written
FROM renamed r JOIN field_of f ON f.part = r.part WHERE r.unclear;
INSERT INTO problem (row_number, field, code, severity, value, proposed_fix)
SELECT r.row_number, f.field, 'former_name', 'warning', r.old_name, r.written
FROM renamed r JOIN field_of f ON f.part = r.part WHERE NOT r.unclear
ORDER BY f.at, r.row_number;
