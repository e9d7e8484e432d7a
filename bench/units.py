"""Reading units from texts: milliseconds a text and, with the shared data, how often it is right.

Run by hand from the root: .venv/bin/python -m bench.units URL [--shared FOLDER]
URL is a prepared database, as `bin/diachiso database url` prints it.
"""

import argparse
import csv
import datetime
import gzip
import json
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import shapely
from shapely.geometry import shape

from registry.core.database import make_engine, session_scope
from registry.files.spellings.communes import CommuneReader
from registry.search.address_reader import read_address
from registry.units import UnitQuery, convert_text, find_units
from registry.units.gazetteer import Gazetteer
from registry.units.gazetteer_loading import load_gazetteer

DAY = datetime.date(2026, 10, 1)
SAME_COMMUNE = {"06978": "06970", "23737": "23938"}
COMMON = "Tân Thành, Tân Phú, Tân An, Tân Lập, Hòa Bình, Tân Hòa, Bình Thạnh, Tân Tiến, Tân Bình"
HARD = (
    f"{COMMON}, Tân Hưng, Thanh Sơn, Hồ Chí Minh",
    ", ".join(["Tân Thành"] * 12),
    ", ".join(["Tân Phú"] * 4 + ["Quận Tân Phú"] * 4 + ["HCM"] * 4),
    ("Tân Thành - " * 200)[:2000],
    ("Phường Tân Phú " * 200)[:2000],
    ("tp " * 700)[:2000],
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("url")
    arguments.add_argument("--shared", type=Path, metavar="FOLDER")
    given = arguments.parse_args()
    with session_scope(make_engine(given.url)) as session:
        start = time.perf_counter()
        known = load_gazetteer(session)
    print(f"{'load all units':34} {(time.perf_counter() - start) * 1000:8.0f} ms")
    measure_search(known)
    for text in HARD:
        seconds = min(timed(known, [text]) for _ in range(3))
        print(f"{'hard: ' + text[:26]:34} {seconds * 1000:8.1f} ms")
    if given.shared:
        measure_lists(known, given.shared / "data")
        measure_real(known, given.shared / "data")


def timed(known: Gazetteer, texts: Iterable[str]) -> float:
    start = time.perf_counter()
    for text in texts:
        convert_text(known, text, written_on=None, day=DAY)
    return time.perf_counter() - start


def percentiles(title: str, seconds: list[float]) -> None:
    cuts = statistics.quantiles(seconds, n=100)
    print(f"{title:34} p50 {cuts[49] * 1000:6.2f}  p99 {cuts[98] * 1000:6.2f} ms")


def measure_search(known: Gazetteer) -> None:
    seconds = []
    for q in ("ba dinh", "Ba Đình", "hn", "tân", "quan", "00004", "xã tân phú") * 10:
        start = time.perf_counter()
        find_units(known, UnitQuery(DAY, q=q))
        seconds.append(time.perf_counter() - start)
    percentiles("find_units", seconds)


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def measure_lists(known: Gazetteer, data: Path) -> None:
    before = [
        f"{row['commune']}, {row['district']}, {row['province']}"
        for row in rows(data / "units_before_2025-07.csv")
    ]
    current = rows(data / "units_current.csv")
    provinces = {row["code"]: row["full_name"] for row in current if row["level"] == "province"}
    today = [
        f"{row['full_name']}, {provinces[row['province_code']]}"
        for row in current
        if row["level"] == "commune"
    ]
    for title, texts in (("communes of the old map", before), ("communes of today", today)):
        percentiles(title, [timed(known, [text]) for text in texts])


def measure_real(known: Gazetteer, data: Path) -> None:
    """Whether the communes that a real address leads to hold its point."""
    with gzip.open(data / "commune_boundaries.geojson.gz", "rt", encoding="utf-8") as file:
        features = json.load(file)["features"]
    polygons = [shapely.make_valid(shape(feature["geometry"])) for feature in features]
    addresses = rows(data / "real_addresses.csv")
    points = [shapely.Point(float(r["longitude"]), float(r["latitude"])) for r in addresses]
    holding = defaultdict(set)
    for point, polygon in zip(*shapely.STRtree(polygons).query(points, "within"), strict=True):
        code = features[polygon]["properties"]["code"]
        holding[point].add(SAME_COMMUNE.get(code, code))
    for column in ("address_before_2025", "address"):
        outcomes = Counter(
            outcome(known, row[column], holding[index]) for index, row in enumerate(addresses)
        )
        print(f"{column:34} {dict(outcomes.most_common())}")
        imported = Counter(
            imported_as(known, row[column], holding[index]) for index, row in enumerate(addresses)
        )
        print(f"{'  as an import reads them':34} {dict(imported.most_common())}")
        percentiles(column, [timed(known, [row[column]]) for row in addresses])


def imported_as(known: Gazetteer, text: str, truth: set[str]) -> str:
    """The same through the grammar of addresses, a commune of today before its namesakes."""
    namings = read_address(known, text)[0].namings
    if not any(naming.commune for naming in namings):
        return "no commune named"
    reading = CommuneReader(known, DAY, ()).of_namings(namings)
    return judged({known.units[unit].code for unit in reading.candidates}, truth)


def outcome(known: Gazetteer, text: str, truth: set[str]) -> str:
    found = convert_text(known, text, written_on=None, day=DAY)
    if not any(conversion.naming.commune for conversion in found):
        return "no commune named" if found else "nothing"
    return judged({to.unit.code for conversion in found for to in conversion.to}, truth)


def judged(codes: set[str], truth: set[str]) -> str:
    to = {SAME_COMMUNE.get(code, code) for code in codes}
    if not to & truth:
        return "wrong"
    return "right" if len(to) == 1 else "right, of several"


if __name__ == "__main__":
    main()
