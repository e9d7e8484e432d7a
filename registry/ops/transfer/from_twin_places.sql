-- Streets and localities in two tables with overlapping ids: ids of localities are shifted here.
-- Reads `household_then` and `household_version_then`, created by the previous script.
CREATE TEMPORARY TABLE street_end ON COMMIT DROP AS
SELECT coalesce(max(id), 0) AS id FROM (
    SELECT id FROM thoroughfare UNION ALL SELECT id FROM thoroughfare_version
) known;

CREATE TEMPORARY VIEW place AS
SELECT id, 'street' AS class, unit_id, former_unit_id, NULL::bigint AS parent_id, key, name, kind,
    merged_into_id, event_id, marks
FROM thoroughfare
UNION ALL
SELECT l.id + s.id, 'locality', l.unit_id, l.former_unit_id, l.parent_id + s.id, l.key, l.name,
    l.kind, l.merged_into_id + s.id, l.event_id, l.marks
FROM locality l, street_end s;

CREATE TEMPORARY VIEW place_version AS
SELECT id, 'street' AS class, valid_to, ended_by_event_id, unit_id, former_unit_id,
    NULL::bigint AS parent_id, key, name, kind, merged_into_id
FROM thoroughfare_version
UNION ALL
SELECT v.id + s.id, 'locality', v.valid_to, v.ended_by_event_id, v.unit_id, v.former_unit_id,
    v.parent_id + s.id, v.key, v.name, v.kind, v.merged_into_id + s.id
FROM locality_version v, street_end s;

CREATE TEMPORARY VIEW place_alias AS
SELECT named_id, 'street' AS class, key, name, kind, thoroughfare_id AS place_id, unit_id, until, event_id
FROM thoroughfare_alias
UNION ALL
SELECT a.named_id + s.id, 'locality', a.key, a.name, a.kind, a.locality_id + s.id, a.unit_id, a.until,
    a.event_id
FROM locality_alias a, street_end s;

CREATE TEMPORARY VIEW household AS
SELECT
    -- each plain column: h.{name},
    h.code, h.recorded_at, h.event_id, h.unit_id, h.former_unit_id,
    h.thoroughfare_id AS street_id, h.locality_id + s.id AS locality_id, h.house_number_key,
    h.building_name, h.parent_code, h.point
FROM household_then h, street_end s;

CREATE TEMPORARY VIEW household_version AS
SELECT
    -- each plain column: h.{name},
    h.code, h.valid_from, h.valid_to, h.event_id, h.ended_by_event_id, h.unit_id, h.former_unit_id,
    h.thoroughfare_id AS street_id, h.locality_id + s.id AS locality_id, h.house_number_key,
    h.building_name, h.parent_code, h.point
FROM household_version_then h, street_end s;

CREATE TEMPORARY VIEW household_former_number AS
SELECT n.code, n.event_id, n.thoroughfare_id AS street_id, n.locality_id + s.id AS locality_id,
    n.house_number, n.house_number_key, n.until
FROM public.household_former_number n, street_end s;

CREATE TEMPORARY VIEW target AS
SELECT t.unit_id, t.locality_id + s.id AS locality_id, t.households, t.counted, t.quality,
    t.source, t.reference_date, t.recorded_at, t.withdrawn_at
FROM public.target t, street_end s;

CREATE TEMPORARY VIEW event AS
SELECT e.id, e.kind, e.actor, e.reason, e.decision_number, e.occurred_at,
    CASE WHEN e.scope ? 'localities' THEN jsonb_set(e.scope, '{localities}', (
        SELECT coalesce(jsonb_agg(l.id::bigint + s.id ORDER BY l.at), '[]')
        FROM jsonb_array_elements_text(e.scope -> 'localities') WITH ORDINALITY l (id, at)))
        ELSE e.scope END AS scope
FROM public.event e, street_end s;

-- Units had no identifiers besides their codes.
CREATE TEMPORARY TABLE unit_identifier (
    unit_id integer, scheme text, value text, valid daterange, source text
) ON COMMIT DROP;
