-- A tile has 4096 units to its side. A label or line that begins in the next tile, within 64 units,
-- is drawn here too, or it would be cut at the edge. A layer without features is empty, not NULL.

-- provinces_alone --
SELECT {provinces} || {labels}

-- with_density --
SELECT {provinces} || {density} || {labels}

-- with_communes --
SELECT {provinces} || {communes} || {density} || {labels}

-- with_doors --
-- with number:
SELECT {provinces} || {communes} || {doors} || {labels}

-- with_numbers --
-- with number: {house_number}
SELECT {provinces} || {communes} || {doors} || {labels}

-- envelope --
ST_TileEnvelope(CAST(:z AS int), CAST(:x AS int), CAST(:y AS int))

-- around --
ST_TileEnvelope(CAST(:z AS int), CAST(:x AS int), CAST(:y AS int), margin => 64.0 / 4096)

-- provinces --
-- with layer: provinces
-- with level: province
{units}

-- communes --
-- with layer: communes
-- with level: commune
{units}

-- units --
(SELECT ST_AsMVT(u, '{layer}', 4096, 'geom') FROM (
    SELECT ST_AsMVTGeom(m.geom, {envelope}, 4096, 64) AS geom, m.code, m.name, m.approximate
    FROM map_unit m
    WHERE m.detail = CAST(:detail AS smallint) AND m.level = '{level}' AND m.geom && {around}
) u WHERE geom IS NOT NULL)

-- labels --
-- At zooms with street names a province's name would cover single houses.
(SELECT ST_AsMVT(l, 'labels', 4096, 'geom') FROM (
    SELECT ST_AsMVTGeom(m.point, {envelope}, 4096, 64, false) AS geom,
        m.kind, m.name, m.holder, m.weight
    FROM map_label m
    WHERE m.first_zoom <= CAST(:z AS smallint) AND m.point && {around}
        AND (m.kind <> 'province' OR CAST(:z AS int) <= 10)
    ORDER BY m.weight DESC, m.id
) l WHERE geom IS NOT NULL)

-- density --
(SELECT ST_AsMVT(c, 'density', 4096, 'geom') FROM (
    SELECT ST_MakePoint((cell & 63) * 64 + 32, (cell >> 6) * 64 + 32) AS geom,
        u.households AS n
    FROM map_density d, unnest(d.cells, d.households) AS u (cell, households)
    WHERE d.zoom = CAST(:z AS smallint) AND d.x = CAST(:x AS int) AND d.y = CAST(:y AS int)
) c)

-- doors --
-- Tile coordinates by arithmetic: ST_Transform of ten thousand points takes longer than all else.
(SELECT ST_AsMVT(d, 'doors', 4096, 'geom') FROM (
    SELECT ST_MakePoint(px, py) AS geom, nullif(sum(hh), 1)::int AS n {number}
    FROM (
        SELECT round(((ST_X(h.point) + 180) / 360 * 2 ^ CAST(:z AS int) - CAST(:x AS int))
                * 4096 / CAST(:snap AS int)) * CAST(:snap AS int) AS px,
            round(((1 - ln(tan(radians(ST_Y(h.point))) + 1 / cos(radians(ST_Y(h.point))))
                / pi()) / 2 * 2 ^ CAST(:z AS int) - CAST(:y AS int))
                * 4096 / CAST(:snap AS int)) * CAST(:snap AS int) AS py,
            greatest(h.households_count, 1) AS hh, h.house_number_key, h.house_number
        FROM household h
        WHERE {open} AND h.point && ST_Transform({around}, 4326)
    ) p
    GROUP BY px, py
) d)

-- house_number --
-- As delivered if that is one word (`geo.label.number_label`). Nobody writes the key of a plot of
-- land: `TO4/THUA253`.
, CASE WHEN min(house_number_key) < max(house_number_key) THEN NULL
    WHEN min(house_number_key) ~ :spelled THEN NULL
    WHEN min(house_number) ~ '^[^[:space:]]+$' THEN min(house_number)
    WHEN min(house_number_key) ~ '^[0-9]' THEN min(house_number_key) END AS number
