"""Verdicts on real addresses, of which half are registered: a code is the right door's."""

import csv
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.core.database import make_engine
from registry.core.reads import Reads
from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from registry.search.geocode import Question
from registry.search.validate import validate
from tests.support.units import read_gazetteer

SAME_DOOR_M = 100
_POINTS = "SELECT code, ST_X(point), ST_Y(point) FROM household WHERE point IS NOT NULL"


@pytest.mark.thorough
def test_codes_are_right_and_no_real_address_is_rejected(
    fresh_database: Callable[[], str], shared_data: Path, tmp_path: Path
) -> None:
    with (shared_data / "real_addresses.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    file = tmp_path / "half.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows[::2])
    url = fresh_database()
    engine = make_engine(url)
    reads = Reads(url, pool_size=1, statement_timeout_ms=10_000)
    try:
        import_file(engine, file, ImportOptions("real"), lambda _rows: None)
        gazetteer = read_gazetteer(engine)
        points = {code: (lon, lat) for code, lon, lat in reads.rows(_POINTS, {})}
        verdicts: Counter[str] = Counter()
        wrong = []
        for row in rows[::5]:  # both halves; `bench accuracy` asks all
            for writing in ("address", "address_before_2025"):
                found = validate(gazetteer, reads, Question(row[writing]))
                verdicts[found.verdict] += 1
                if found.code and _apart_m(row, points[found.code]) > SAME_DOOR_M:
                    wrong.append((row["ref"], row[writing], found.address))
    finally:
        reads.close()
        engine.dispose()
    given = verdicts["accept"] + verdicts["correct"]
    assert verdicts["reject"] == 0, verdicts
    assert given > 0.3 * verdicts.total(), verdicts
    assert len(wrong) <= 0.005 * given, wrong


def _apart_m(row: dict[str, str], point: tuple[float, float]) -> float:
    lon, lat = float(row["longitude"]), float(row["latitude"])
    east = (point[0] - lon) * math.cos(math.radians(lat))
    return 111_320 * math.hypot(east, point[1] - lat)
