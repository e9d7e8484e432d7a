"""Draws docs/img/reform-before.jpg and reform-after.jpg: a commune of the demonstration is split.

    python -m bench.reform_pictures http://127.0.0.1:8000

The register behind that server is the one of DATABASE_URL, or of this checkout's own cluster. The
communes get their cells for boundaries, and one is split by a line through the middle of its doors.
Afterwards the reform is undone; on the same day that commune is not split again. Look at both
pictures: that is what they are for.
"""

import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import shapely
from playwright.sync_api import Browser
from shapely.geometry import mapping
from sqlalchemy import Engine, text

from registry.core.database import make_engine, session_scope
from registry.core.settings import ROOT, from_environment
from registry.ops import cluster
from registry.publish.drawing.refresh import refresh
from registry.reform.reading import read_resolution
from registry.reform.run import Options, reform
from registry.reform.undo import undo
from registry.units.boundaries import load_boundaries
from registry.units.gazetteer import today
from tests.support.browser import SIZES, browsing, visiting

FOLDER: Final = ROOT / "docs" / "img"
COMMUNE: Final = "00283"
EAST, WEST = "99998", "99999"
NUMBER: Final = "hình minh hoạ"
SETTLING_MS: Final = 6_000
"""Tiles of where the map went, and their letters."""
WIDTH, HEIGHT = SIZES["desktop"]
PANEL: Final = 440
"""Pixels that the panel covers, on the left."""
CLIP: Final[Any] = {"x": PANEL, "y": 60, "width": WIDTH - PANEL, "height": HEIGHT - 100}
"""The map beside it."""
RESOLUTION: Final = """\
resolution: {{number: {number}, title: Chia một phường, date: {day}, effective: {day}}}
boundaries: halves.geojson
changes:
  - split:
      unit: "{commune}"
      into:
        - {{into: {{code: "{west}", name: Vĩnh Tuy Tây, kind: phuong}}}}
        - {{into: {{code: "{east}", name: Vĩnh Tuy Đông, kind: phuong}}}}
"""
_CELLS: Final = text(
    "SELECT u.code, ST_AsBinary(b.geom) FROM boundary b JOIN admin_unit u ON u.id = b.unit_id"
    " WHERE u.level = 'commune' AND u.lifetime @> current_date"
)
_DOORS: Final = text(
    "SELECT ST_AsBinary(ST_Collect(h.point)) FROM household h JOIN admin_unit u ON u.id = h.unit_id"
    " WHERE u.code = :code AND u.level = 'commune'"
)


def main() -> None:
    """Draw both."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    url, settings = sys.argv[1].rstrip("/"), from_environment()
    engine = make_engine(cluster.database_url(settings))
    with tempfile.TemporaryDirectory() as name, browsing() as browser:
        folder = Path(name)
        cells = _cells(engine)
        whole, west, east = _halves(engine, cells[COMMUNE])
        load_boundaries(engine, _geojson(folder / "cells.geojson", cells), actor="bench")
        refresh(engine)
        _picture(browser, url, whole, "before")
        _geojson(folder / "halves.geojson", {WEST: west, EAST: east})
        path = folder / "split.yaml"
        said = {"commune": COMMUNE, "west": WEST, "east": EAST}
        path.write_text(RESOLUTION.format(number=NUMBER, day=today(), **said), encoding="utf-8")
        report = reform(engine, read_resolution(path), Options("bench", nearest=True))
        print({share.name: share.records for unit in report.units for share in unit.to})
        refresh(engine)
        _picture(browser, url, whole, "after")
        undo(engine, NUMBER, actor="bench")
    engine.dispose()


def _cells(engine: Engine) -> dict[str, shapely.Geometry]:
    with session_scope(engine) as session:
        return {code: shapely.from_wkb(bytes(shape)) for code, shape in session.execute(_CELLS)}


def _halves(
    engine: Engine, whole: shapely.Geometry
) -> tuple[shapely.Geometry, shapely.Geometry, shapely.Geometry]:
    """The commune, and its halves."""
    with session_scope(engine) as session:
        doors = shapely.from_wkb(bytes(session.scalar(_DOORS, {"code": COMMUNE})))
    left, bottom, right, top = whole.bounds
    middle = doors.centroid.x
    west = whole.intersection(shapely.box(left, bottom, middle, top))
    return whole, west, whole.intersection(shapely.box(middle, bottom, right, top))


def _geojson(path: Path, shapes: dict[str, shapely.Geometry]) -> str:
    features = [
        {"type": "Feature", "properties": {"code": code}, "geometry": mapping(shape)}
        for code, shape in shapes.items()
    ]
    collection = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(collection), encoding="utf-8")
    return str(path)


def _picture(browser: Browser, url: str, whole: shapely.Geometry, name: str) -> None:
    left, bottom, right, top = whole.bounds
    # At zoom 0 the world is 512 pixels wide.
    zoom = math.log2(0.7 * CLIP["height"] * 360 / 512 / max(right - left, top - bottom))
    beside = PANEL / 2 * 360 / 512 / 2**zoom
    with visiting(browser, url, "desktop") as visit:
        page = visit.open(f"/#{zoom:.2f}/{whole.centroid.y:.5f}/{whole.centroid.x - beside:.5f}")
        page.wait_for_selector("#map[data-ready]")
        page.wait_for_timeout(SETTLING_MS)
        out = FOLDER / f"reform-{name}.jpg"
        page.screenshot(path=out, type="jpeg", quality=62, animations="disabled", clip=CLIP)
        print(out.name)


if __name__ == "__main__":
    main()
