"""Geocoding of damaged texts: right, wrong and abstained, on real addresses, by kind of damage.

    python -m bench.damaged URL REAL_CSV DAMAGE_PY [ROWS]

URL and REAL_CSV as for `bench.accuracy`, whose first lines say how such a register is made.
DAMAGE_PY is a module with `ALL`: name → function of a text and a `random.Random`, which damages the
text. Every row is asked in both wordings, plain, with each damage, and with two together. `wrong`
is said of what is answered at a confidence of 0.5 and more, `unsure` below that; of rows that were
left out any door is wrong that does not bear the very address. Beside the shares that make up the
whole: `among five`, the commune is one of those of the first five answers; `by damage`, what is
wrong and was not before: a text that names another commune than its point lies in stays wrong.
"""

import importlib.util
import random
import sys
from argparse import Namespace
from collections import Counter, defaultdict
from pathlib import Path
from time import process_time
from types import ModuleType, SimpleNamespace
from typing import Final, cast

from bench.accuracy import (
    DOORS,
    Bench,
    commune_outcome,
    communes_of_rows,
    door_outcome,
    is_held,
    is_left_out,
    real_rows,
)
from registry.search.address_reader import read_address
from registry.search.answers import Answer

SURE: Final = 0.5
SHOWN: Final = 5
AMONG: Final = "among five"
BY_DAMAGE: Final = "by damage"
COLUMNS: Final = ("address", "address_before_2025")
PLACES: Final = ("commune", "door", "left out: commune", "left out: door")


def module_of(path: Path) -> ModuleType:
    """The module in a file."""
    spec = importlib.util.spec_from_file_location("damage", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path}: no module")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def damaged(damage: ModuleType, kind: str, text: str, chance: random.Random) -> str:
    """The text after one kind of damage, two, or none."""
    kinds = sorted(damage.ALL)
    done = [] if kind == "plain" else [kind] if kind in kinds else chance.sample(kinds, 2)
    for name in sorted(done, key=list(damage.ALL).index):
        text = damage.ALL[name](text, chance)
    return text


def outcome(told: str, found: list[Answer]) -> str:
    """In one word: right, several, wrong, unsure or none."""
    if told.startswith("wrong") or told == "several, none right":
        return "wrong" if found and found[0].confidence >= SURE else "unsure"
    return "several" if told.startswith("several") else told


def main() -> None:
    """Prints a line for each kind of damage and place."""
    url, real, damage_py, *rest = sys.argv[1:]
    damage = module_of(Path(damage_py))
    bench = Bench(cast(Namespace, SimpleNamespace(url=url, real_source="real")))
    codes = bench.codes("real")
    rows = real_rows(Path(real))
    random.Random(1).shuffle(rows)
    rows = rows[: int(rest[0]) if rest else None]
    held = communes_of_rows(bench, rows)
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    seconds: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    wrong_before: set[tuple[str, str, str]] = set()

    def count(place: str, told: str) -> None:
        counts[kind, place][told] += 1
        if told == "wrong":
            if kind == "plain":
                wrong_before.add((row["ref"], column, place))
            counts[kind, place][BY_DAMAGE] += (row["ref"], column, place) not in wrong_before

    for kind in ("plain", *damage.ALL, "two"):
        for row in (row for row in rows if held[row["ref"]]):
            for column in COLUMNS:
                text = damaged(damage, kind, row[column], random.Random(f"{row['ref']}{kind}"))
                start = process_time()
                found = bench.ask(kind, text)
                seconds[kind] += process_time() - start  # type: ignore[assignment]
                asked[kind] += 1
                away = "left out: " * is_left_out(row)
                where = held[row["ref"]]
                told = commune_outcome(found, where)
                count(f"{away}commune", outcome(told, found))
                counts[kind, f"{away}commune"][AMONG] += any(
                    a.unit and a.unit.id in where for a in found[:SHOWN]
                )
                if away:
                    is_door = bool(found) and found[0].level in DOORS
                    wrong = is_door and not is_held(bench, row[column], found[0], where)
                    count(f"{away}door", "wrong" if wrong else "none")
                elif row["ref"] in codes and names_door(bench, row[column]):
                    told = door_outcome(found, codes[row["ref"]], set())
                    count("door", outcome(told, found))
        for place in PLACES:
            show(kind, place, counts[kind, place])
        print(f"{kind:<8} {seconds[kind] / asked[kind] * 1000:.2f} ms of the processor a text")


def names_door(bench: Bench, text: str) -> bool:
    """Whether the undamaged text names a house, and no alley alone."""
    readings = read_address(bench.gazetteer, text)
    number = readings[0].door.house_number if readings else None
    return number is not None and not number.alley_only


def show(kind: str, place: str, counted: Counter[str]) -> None:
    """One line of the table, in per cent."""
    number = sum(counted.values()) - counted[AMONG] - counted[BY_DAMAGE] or 1
    shares = "  ".join(
        f"{name} {counted[name] / number:7.2%}"
        for name in ("right", "several", "wrong", "unsure", "none", AMONG, BY_DAMAGE)
    )
    print(f"{kind:<8} {place:<18} {number:5}  {shares}")


if __name__ == "__main__":
    main()
