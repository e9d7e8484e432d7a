"""Names on the map, and from which zoom on each is shown.

At each zoom the largest of every field of 128 pixels is shown; what is largest in no field is shown
at the last zoom of its kind. So a tile holds a few names, wherever it lies.
"""

from typing import Final

from sqlalchemy import Connection, text

from geo.label import named
from registry.coverage.shapes import ARCHIPELAGOS
from registry.database import driver_connection
from registry.records import OPEN

STREETS_FROM: Final = 13
LAST_ZOOM: Final = 17

# 512 pixels to a tile, so a field of 128 is a tile of two zooms further.
_FIRST_ZOOM: Final = """
    SELECT id, coalesce(min(zoom) FILTER (WHERE place = 1), CAST(:last AS int)) AS first_zoom
    FROM (
        SELECT n.id, zoom, row_number() OVER (
            PARTITION BY zoom, floor(ST_X(n.point) / (40075016.7 / 2 ^ (zoom + 2))),
                floor(ST_Y(n.point) / (40075016.7 / 2 ^ (zoom + 2)))
            ORDER BY n.weight DESC, n.id
        ) AS place
        FROM {names} n CROSS JOIN generate_series(CAST(:first AS int), CAST(:last AS int)) zoom
    ) f
    GROUP BY id
"""
# Inside of its largest piece; an archipelago, at every zoom, in the middle of its islands. Where
# names have no room beside one another, that of most households stays: people look for Hà Nội
# before they look for a wide province.
_PROVINCES: Final = text("""
    INSERT INTO map_label (kind, name, first_zoom, weight, point)
    SELECT 'province', v.name, 0,
        coalesce(
            (SELECT max(t.households) FROM target t
             WHERE t.unit_id = m.unit_id AND t.locality_id IS NULL AND t.withdrawn_at IS NULL),
            0),
        (ST_MaximumInscribedCircle(p.geom)).center
    FROM map_unit m
    JOIN admin_unit_version v ON v.unit_id = m.unit_id AND v.valid @> current_date
    CROSS JOIN LATERAL (
        SELECT geom FROM ST_Dump(m.geom) ORDER BY ST_Area(geom) DESC LIMIT 1
    ) p
    WHERE m.level = 'province' AND m.detail = 0
""")
_ARCHIPELAGOS: Final = text("""
    INSERT INTO map_label (kind, name, holder, first_zoom, weight, point)
    SELECT 'archipelago', a.name, CASE p.kind WHEN 'thanh_pho' THEN 'Thành phố ' ELSE 'Tỉnh ' END
            || p.name, 0, 0,
        ST_Transform(coalesce(
            (SELECT ST_Centroid(ST_Envelope(b.geom)) FROM boundary b WHERE b.unit_id = u.id),
            u.seat), 3857)
    FROM admin_unit u
    JOIN admin_unit_version v ON v.unit_id = u.id AND v.valid @> current_date
    JOIN admin_unit_version p ON p.unit_id = v.province_id AND p.valid @> current_date
    JOIN unnest(CAST(:codes AS text[]), CAST(:names AS text[])) a (code, name) ON a.code = u.code
    WHERE u.level = 'commune' AND u.lifetime @> current_date AND u.seat IS NOT NULL
""")
_COMMUNES: Final = text(f"""
    WITH name AS MATERIALIZED (
        SELECT m.unit_id AS id, v.kind, v.name, (ST_Area(m.geom) / 1e6)::int AS weight,
            ST_PointOnSurface(m.geom) AS point
        FROM map_unit m
        JOIN admin_unit u ON u.id = m.unit_id AND NOT u.code = ANY (:codes)
        JOIN admin_unit_version v ON v.unit_id = u.id AND v.valid @> current_date
        WHERE m.level = 'commune' AND m.detail = 2
    ), first AS ({_FIRST_ZOOM.format(names="name")})
    INSERT INTO map_label (kind, name, first_zoom, weight, point)
    SELECT 'commune',
        CASE n.kind WHEN 'phuong' THEN 'Phường ' WHEN 'xa' THEN 'Xã ' WHEN 'dac_khu' THEN 'Đặc khu '
            ELSE '' END || n.name,
        f.first_zoom, n.weight, n.point
    FROM name n JOIN first f USING (id)
""")  # noqa: S608 - constants

# The middle one of a street's households along a curve that keeps neighbours together: a real
# door, about in the middle, where the mean of a bent street would lie in somebody's garden.
_PLACES: Final = f"""
    CREATE TEMPORARY TABLE place_name ON COMMIT DROP AS
    SELECT p.id, p.kind, p.name, count(*)::int AS weight,
        ST_Transform(percentile_disc(0.5) WITHIN GROUP (ORDER BY h.point), 3857) AS point
    FROM household h JOIN place p ON p.id = h.{{class_}}_id
    WHERE {OPEN} AND h.point IS NOT NULL
        AND p.merged_into_id IS NULL
    GROUP BY p.id
"""  # noqa: S608 - constants
_SHOWN: Final = f"""
    SELECT n.kind, n.name, n.id, f.first_zoom, n.weight, ST_AsHEXEWKB(n.point)
    FROM place_name n JOIN ({_FIRST_ZOOM.format(names="place_name")}) f USING (id)
    ORDER BY n.id
"""  # noqa: S608 - constants


def draw_unit_labels(connection: Connection) -> None:
    """Names of provinces and communes, out of what `draw_units` drew."""
    connection.execute(
        text("DELETE FROM map_label WHERE kind IN ('province', 'archipelago', 'commune')")
    )
    codes = list(ARCHIPELAGOS)
    connection.execute(_PROVINCES)
    connection.execute(_ARCHIPELAGOS, {"codes": codes, "names": list(ARCHIPELAGOS.values())})
    connection.execute(_COMMUNES, {"codes": codes, "first": 6, "last": 11})


def draw_place_labels(connection: Connection) -> None:
    """Names of streets and localities that have households to be seen."""
    connection.execute(text("DELETE FROM map_label WHERE kind IN ('street', 'locality')"))
    _draw_places(connection, "street")
    _draw_places(connection, "locality")


def _draw_places(connection: Connection, kind: str) -> None:
    connection.execute(text(_PLACES.format(class_=kind)))
    zooms = {"first": STREETS_FROM, "last": LAST_ZOOM}
    rows = connection.execute(text(_SHOWN), zooms).all()
    columns = "kind, name, place_id, first_zoom, weight, point"
    with (
        driver_connection(connection).cursor() as cursor,
        cursor.copy(f"COPY map_label ({columns}) FROM STDIN") as copy,
    ):
        for own_kind, name, *rest in rows:
            copy.write_row((kind, named(own_kind, name), *rest))
    connection.execute(text("DROP TABLE place_name"))
