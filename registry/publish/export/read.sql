-- households --
-- COPY takes no parameters: the driver inlines the inputs.
-- by now, then, within
-- where not_demo, in_communes, of_use, placed, on_day, external, along
-- with then_columns:
-- with earlier:
-- with external_ids:
-- with order:
SELECT {columns} {then_columns} {external_ids}
FROM {states} h {earlier}
WHERE NOT h.restricted AND h.status = ANY (:statuses) AND {where}
{order}

-- now --
-- with states: (SELECT *, recorded_at AS since FROM household)

-- then --
-- with states: {states_then}

-- within --
-- with states: (SELECT DISTINCT ON (h.code) h.*, h.recorded_at AS since {inside_area})

-- states_then --
(
    SELECT code, recorded_at AS since, {state} FROM household
    WHERE recorded_at <= CAST(:as_of AS timestamptz)
    UNION ALL
    SELECT v.code, v.valid_from, {state_of_version} FROM household_version v
    WHERE v.valid_from <= CAST(:as_of AS timestamptz) AND v.valid_to > CAST(:as_of AS timestamptz)
        AND NOT EXISTS (SELECT FROM household n WHERE n.code = v.code AND n.restricted)
)

-- not_demo --
h.code >= '1'

-- in_communes --
h.unit_id = ANY (CAST(:communes AS int[]))

-- placed --
h.point IS NOT NULL

-- on_day --
-- with then_columns: {columns_on_day}
-- with earlier: {earlier_household}

-- external --
-- with external_ids: , {ids_of_schemes} AS external_ids

-- along --
-- PostGIS sorts points along a Hilbert curve.
-- with order: ORDER BY h.point

-- ids_of_schemes --
(
    SELECT string_agg(x.scheme || ':' || x.value, '; ' ORDER BY x.scheme, x.value)
    FROM external_id x WHERE x.code = h.code AND x.valid @> CAST(:day AS date)
)

-- open_building --
-- A flat does not name a building that is restricted now, even if it was open then.
CASE WHEN h.parent_code IS NOT NULL THEN (
    SELECT b.code FROM household b WHERE b.code = h.parent_code AND NOT b.restricted
) END

-- earlier_state --
-- As `registry.records.past` reads one record: the last state before the first decision after the day.
-- with day: CAST(:on AS date)
LEFT JOIN (
    SELECT DISTINCT ON (v.{key}) v.* FROM {table}_version v
    WHERE v.valid_to > {midnight} AND {ended_by_decision} ORDER BY v.{key}, v.valid_to
) n ON n.{key} = h.{key}

-- earlier_household --
-- with table: household
-- with key: code
{earlier_state}

-- earlier_place --
-- with table: place
-- with key: id
{earlier_state}

-- streets_on_day --
SELECT h.id, coalesce(n.kind, h.kind), coalesce(n.name, h.name)
FROM place h {earlier_place} WHERE h.class = 'street'

-- localities_on_day --
SELECT h.id, coalesce(n.kind, h.kind), coalesce(n.name, h.name),
    CASE WHEN n.id IS NULL THEN h.parent_id ELSE n.parent_id END
FROM place h {earlier_place} WHERE h.class = 'locality'
