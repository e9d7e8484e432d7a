"""Geocoding of damaged texts: right, wrong and abstained, on real addresses, by kind of damage.

`tools/noise.py` beside the shared data has `ALL`: name → function of a text and a `random.Random`,
which damages the text. Rows are asked in both wordings, plain, with each damage, and with two
together. `wrong` is what is answered at a confidence of 0.5 and more, `unsure` below that; of rows
that were left out any door is wrong that does not have the very address. `among five`: the commune
is one of those of the first five answers. `by damage`: what is wrong and was not before, as a text
that names another commune than its point lies in stays wrong.
"""

import importlib.util
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

from bench.harness import Bench, Figure, Scenario
from bench.scenarios.accuracy import (
    DOORS,
    Questions,
    commune_outcome,
    communes_of_rows,
    door_outcome,
    is_held,
    is_left_out,
    real_rows,
    register_of_real,
)
from registry.search.answers import Answer
from registry.search.read.address_reader import read_address

SURE: Final = 0.5
SHOWN: Final = 5
AMONG: Final = "among five"
BY_DAMAGE: Final = "by damage"
COLUMNS: Final = ("address", "address_before_2025")


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


def outcome(result: str, found: list[Answer]) -> str:
    """In one word: right, several, wrong, unsure or none."""
    if result.startswith("wrong") or result == "several, none right":
        return "wrong" if found and found[0].confidence >= SURE else "unsure"
    return "several" if result.startswith("several") else result


def measure(bench: Bench) -> Iterator[Figure]:
    real = bench.shared_file("real_addresses.csv")
    damage = module_of(real.parents[1] / "tools/noise.py")
    questions = Questions(register_of_real(bench.registers, bench.households, real.parent))
    codes, rows = questions.codes("real"), real_rows(real)
    random.Random(1).shuffle(rows)
    held = communes_of_rows(questions, rows[: bench.sample])
    rows = [row for row in rows[: bench.sample] if held[row["ref"]]]
    wrong_before: set[tuple[str, str, str]] = set()
    for kind in ("plain", *damage.ALL, "two"):
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for row in rows:
            for column in COLUMNS:
                text = damaged(damage, kind, row[column], random.Random(f"{row['ref']}{kind}"))
                found = questions.ask(kind, text)
                where, code = held[row["ref"]], codes.get(row["ref"])
                for place, result in judged(questions, row, column, found, where, code):
                    counts[place][result] += 1
                    if result == "wrong":
                        at = (row["ref"], column, place)
                        if kind == "plain":
                            wrong_before.add(at)
                        counts[place][BY_DAMAGE] += at not in wrong_before
        milliseconds = questions.tallies[kind].seconds / (len(rows) * len(COLUMNS)) * 1e3
        yield Figure(kind, milliseconds, "ms", "processor")
        for place, counted in sorted(counts.items()):
            number = sum(n for result, n in counted.items() if result not in (AMONG, BY_DAMAGE))
            for result, count in sorted(counted.items()):
                yield Figure(kind, 100 * count / number, "%", f"{place}, {result}")
    questions.close()


def judged(
    questions: Questions,
    row: dict[str, str],
    column: str,
    found: list[Answer],
    where: set[int],
    code: str | None,
) -> Iterator[tuple[str, str]]:
    """Place → what the answers are."""
    away = "left out: " * is_left_out(row)
    yield f"{away}commune", outcome(commune_outcome(found, where), found)
    if any(answer.unit and answer.unit.id in where for answer in found[:SHOWN]):
        yield f"{away}commune", AMONG
    if away:
        is_door = bool(found) and found[0].level in DOORS
        wrong = is_door and not is_held(questions, row[column], found[0], where)
        yield f"{away}door", "wrong" if wrong else "none"
    elif code is not None and names_door(questions, row[column]):
        yield "door", outcome(door_outcome(found, code, set()), found)


def names_door(questions: Questions, text: str) -> bool:
    """Whether the undamaged text names a house, and no alley alone."""
    readings = read_address(questions.gazetteer, text)
    number = readings[0].door.house_number if readings else None
    return number is not None and not number.alley_only


SCENARIOS = (Scenario("damaged", "geocoding of damaged real addresses, by damage", measure),)
