"""Texts with a point: whether the commune of the point is among the answers, surely wrong, absent.

    python -m bench.places URL CSV [SHOWN [ROWS]]

CSV has the columns address, longitude, latitude; ROWS of it are asked, by chance. URL names a
register with real polygons. `first` and `among five` count answers whose commune holds the point;
`surely wrong` is a first answer of another one at a confidence of 0.5 and more. SHOWN rows that
are not among five are printed, with what was answered: text and point may disagree.
"""

import csv
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Final

from registry.core.database import make_engine, session_scope
from registry.core.reads import Reads
from registry.search.geocode import MAX_LIMIT, Question, geocode
from registry.units.boundaries import communes_at
from registry.units.gazetteer import today
from registry.units.gazetteer_loading import load_gazetteer

AMONG: Final = 5
SURE: Final = 0.5


def main() -> None:
    """Asks all, and prints the counts."""
    if not 3 <= len(sys.argv) <= 5:
        sys.exit(__doc__)
    url, file = sys.argv[1:3]
    shown = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    with Path(file).open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["longitude"] and row["address"]]
    random.Random(1).shuffle(rows)
    rows = rows[: int(sys.argv[4])] if len(sys.argv) > 4 else rows
    reads = Reads(url, pool_size=1, statement_timeout_ms=60_000)
    counts: Counter[str] = Counter()
    with session_scope(make_engine(url)) as session:
        gazetteer = load_gazetteer(session)
        for row in rows:
            held = communes_at(session, lon=float(row["longitude"]), lat=float(row["latitude"]))
            if not held:
                counts["no commune at the point"] += 1
                continue
            found = geocode(gazetteer, reads, Question(row["address"], limit=MAX_LIMIT))
            units = [answer.unit for answer in found]
            right = [unit is not None and unit.id in held for unit in units]
            counts["asked"] += 1
            counts["first"] += right[:1] == [True]
            counts["among five"] += any(right[:AMONG])
            counts["surely wrong"] += right[:1] == [False] and found[0].confidence >= SURE
            counts["nothing"] += not found
            if not any(right[:AMONG]) and shown:
                shown -= 1
                names = [unit.version_on(today()).full_name for unit in units[:AMONG] if unit]
                meant = gazetteer.units[held[0]].version_on(today()).full_name
                print(f"{row['address']}\n    point in {meant}; answered {names or 'nothing'}")
    reads.close()
    asked = counts.pop("asked")
    print(f"asked {asked}; " + "; ".join(f"{k} {n}, {n / asked:.2%}" for k, n in counts.items()))


if __name__ == "__main__":
    main()
