"""Geocoding: right, wrong and abstained, on real addresses and on demo households, by kind.

    python -m bench.accuracy URL REAL_CSV --register OUT_CSV
    bin/diachiso import OUT_CSV --source real
    bin/diachiso demo --households 200000 --csv DEMO_CSV
    bin/diachiso import DEMO_CSV --source bench --demo-as-real
    python -m bench.accuracy URL REAL_CSV [--demo DEMO_CSV] [--sample N] [--show N] [--only WORD]

The first line writes the real addresses without the 30 % that are left out, so that it is measured
how the register answers what it does not hold. URL names a register with real polygons. The same
files and the same seed ask the same questions.

`wrong` is one door, said without doubt, that is not the row's; `several` are doors that fit the
text equally, the row's among them, said to be ambiguous; `held` (in no column) is a door with the
very address of a row that was left out, from another row. Rows whose text fits several doors of the
register are counted apart (`twins`): one answer would be a guess.
"""

import argparse
import csv
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from time import process_time
from typing import Any, Final

from bench.writings import WRITERS, Map, Row, without_diacritics
from geo.address import names_dwelling
from geo.admin import name_key
from geo.street import parse_street
from geo.text import accent_key, fold, is_one_slip
from registry.core.database import make_engine, session_scope
from registry.core.reads import Reads
from registry.records.record import COLUMNS, JOINS, Record
from registry.search.address_reader import read_address
from registry.search.answers import Answer
from registry.search.geocode import MAX_LIMIT, Question, geocode
from registry.units.boundaries import communes_at
from registry.units.gazetteer import Gazetteer, Unit, today
from registry.units.gazetteer_loading import load_gazetteer
from registry.units.vocabulary import FAMOUS

LEFT_OUT_OF_TEN: Final = 3
EMPTY: Final = ("duong", "d", "pho", "p", "so", "nha")
SURE: Final = 0.9
DOORS: Final = ("household", "building")
# What stands at the same number of streets (or hamlets) of the same name in some communes.
PEERS: Final = f"""
    WITH a AS (SELECT * FROM household WHERE code = %(code)s),
    u AS MATERIALIZED (SELECT unnest(%(units)s::int[]) AS id),
    h AS (
        SELECT h.* FROM a JOIN place ta ON ta.id = a.street_id
        CROSS JOIN u JOIN place tb ON tb.key = ta.key AND tb.unit_id = u.id
        JOIN household h ON h.street_id = tb.id AND h.house_number_key = a.house_number_key
        UNION ALL
        SELECT h.* FROM a JOIN place la ON la.id = a.locality_id AND a.street_id IS NULL
        CROSS JOIN u JOIN place lb ON lb.key = la.key AND lb.unit_id = u.id
        JOIN household h ON h.locality_id = lb.id AND h.street_id IS NULL
            AND h.house_number_key = a.house_number_key
    )
    SELECT {COLUMNS} FROM a JOIN h ON h.kind = a.kind AND h.status = 'active'
        AND h.unit_number IS NOT DISTINCT FROM a.unit_number
        AND h.building_key IS NOT DISTINCT FROM a.building_key
    {JOINS}
"""
CODES: Final = "SELECT source_ref, code FROM household_ref WHERE source = %(source)s"


@dataclass
class Tally:
    """What became of the questions of one kind."""

    measured_on: str
    """What the questions were made of."""
    outcomes: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    asked: int = 0
    seconds: float = 0.0

    def add(self, outcome: str, sample: str) -> None:
        """Count it and keep it to be shown."""
        self.asked += 1
        self.outcomes[outcome] += 1
        self.samples[outcome].append(sample)

    def share(self, *outcomes: str) -> str:
        """Per cent of the questions."""
        number = sum(self.outcomes[outcome] for outcome in outcomes)
        return f"{number / self.asked:8.2%}" if self.asked else "       –"


class Bench:
    """The opened register and what was counted."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.engine = make_engine(given.url)
        self.reads = Reads(given.url, pool_size=1, statement_timeout_ms=60_000)
        with session_scope(self.engine) as session:
            self.gazetteer = load_gazetteer(session)
        self.measured_on = ""
        self.tallies: dict[str, Tally] = {}
        self.faults: dict[str, Counter[str]] = defaultdict(Counter)

    def ask(self, kind: str, text: str) -> list[Answer]:
        """The answers, as many as there may be."""
        start = process_time()
        found = geocode(self.gazetteer, self.reads, Question(text, limit=MAX_LIMIT))
        self.tally(kind).seconds += process_time() - start
        return found

    def count(self, kind: str, outcome: str, text: str, found: list[Answer], wanted: str) -> None:
        """Count one answer."""
        sample = f"{text}\n      wanted {wanted}\n      got    {shown(found)}"
        self.tally(kind).add(outcome, sample)
        if found and "ambiguous" not in found[0].faults:
            place = "door" if found[0].level in DOORS else "above"
            for fault in found[0].faults or ("none",):
                self.faults[fault][f"{place} {outcome.split(',')[0]}"] += 1

    def tally(self, kind: str) -> Tally:
        """That of a kind of questions."""
        return self.tallies.setdefault(kind, Tally(self.measured_on))

    def codes(self, source: str) -> dict[str, str]:
        """Reference → code of what a source published."""
        return dict(self.reads.rows(CODES, {"source": source}))  # type: ignore[arg-type]


def shown(found: list[Answer]) -> str:
    """Answers in a line."""
    lines = []
    for answer in found[:3]:
        parts = answer.parts
        place = " ".join(
            str(part)
            for part in (parts.unit_number, parts.number_key, parts.street_name, parts.localities)
            if part
        )
        unit = answer.unit.version_on(today()).full_name if answer.unit else "?"
        code = answer.record.code if answer.record else "-"
        lines.append(
            f"{answer.level} {code} {place}, {unit} {answer.confidence} {','.join(answer.faults)}"
        )
    return " | ".join(lines) or "nothing"


# Real addresses


def real_rows(path: Path) -> list[dict[str, str]]:
    """The file."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def is_left_out(row: dict[str, str]) -> bool:
    """By a hash of number, street and commune: whoever is written twice is left out twice."""
    parts = [fold(part) for part in row["address"].split(",")]
    door = next((part for part in parts if any(map(str.isdigit, part))), parts[0])
    words = [word for word in door.split() if word not in EMPTY]
    units = [part for part in parts if part.startswith(("phuong ", "xa "))][-1:]
    digest = sha256(" ".join([*words, *units]).encode()).digest()
    return digest[0] * 256 + digest[1] < 65536 * LEFT_OUT_OF_TEN // 10


def write_registered(path: Path, target: Path) -> None:
    """The rows that are registered, as an import file."""
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["source_ref", "address", "longitude", "latitude"])
        for row in real_rows(path):
            if not is_left_out(row):
                writer.writerow([row["ref"], row["address"], row["longitude"], row["latitude"]])


def measure_real(bench: Bench) -> None:
    """Communes and doors of the real addresses, registered and left out."""
    bench.measured_on = f"real addresses of {bench.given.real.name}"
    codes = bench.codes(bench.given.real_source)
    rows = real_rows(bench.given.real)
    held = communes_of_rows(bench, rows)
    for row in rows:
        where = held[row["ref"]]
        if not where:
            continue
        if is_left_out(row):
            readings = read_address(bench.gazetteer, row["address"])
            if readings and names_dwelling(readings[0].door, has_point=True):
                ask_left_out(bench, row, where)
        elif row["ref"] in codes:
            for kind, column in (("before", "address_before_2025"), ("today", "address")):
                ask_registered(bench, kind, row[column], codes[row["ref"]], where)


def communes_of_rows(bench: Bench, rows: Iterable[dict[str, str]]) -> dict[str, set[int]]:
    """Reference → communes whose polygon holds the point."""
    with session_scope(bench.engine) as session:
        return {
            row["ref"]: set(
                communes_at(session, lon=float(row["longitude"]), lat=float(row["latitude"]))
            )
            for row in rows
        }


def ask_registered(bench: Bench, kind: str, text: str, code: str, where: set[int]) -> None:
    """A registered address in one of its wordings."""
    found = bench.ask(f"real, {kind}: commune", text)
    names = ", ".join(bench.gazetteer.units[unit].version_on(today()).full_name for unit in where)
    outcome = commune_outcome(found, where)
    bench.count(f"real, {kind}: commune", outcome, text, found, f"{code} in {names}")
    readings = read_address(bench.gazetteer, text)
    number = readings[0].door.house_number if readings else None
    if number is not None and not number.alley_only:
        outcome = door_outcome(found, code, set())
        bench.count(f"real, {kind}: door", outcome, text, found, f"{code} in {names}")


def ask_left_out(bench: Bench, row: dict[str, str], where: set[int]) -> None:
    """An address that the register does not hold: by both wordings."""
    for kind, column in (("before", "address_before_2025"), ("today", "address")):
        name = f"left out, {kind}: commune"
        found = bench.ask(name, row[column])
        bench.count(name, commune_outcome(found, where), row[column], found, row["ref"])
        door = "wrong" if found and found[0].level in DOORS else "no door"
        if door == "wrong" and is_held(bench, row[column], found[0], where):
            door = "held"
        bench.count(f"left out, {kind}: door", door, row[column], found, row["ref"])


def is_held(bench: Bench, text: str, answer: Answer, where: set[int]) -> bool:
    """Whether the register holds this very address after all, from another row or source."""
    number = read_address(bench.gazetteer, text)[0].door.house_number
    here = answer.unit is not None and answer.unit.id in where
    same = number is not None and number.key == answer.parts.number_key
    return here and same and is_asked(bench, text, answer)


def commune_outcome(found: list[Answer], where: set[int]) -> str:
    """Whether the answered commune holds the point; none where a province is said first."""
    if found and found[0].level == "province":
        return "none"
    communes = {a.unit.id for a in found if a.unit is not None and a.unit.level == "commune"}
    if not communes:
        return "none"
    if len(communes) > 1:
        return "several" if communes & where else "several, none right"
    return "right" if communes & where else "wrong"


def door_outcome(found: list[Answer], code: str, twins: set[str]) -> str:
    """Whether the answered door is the one of this code."""
    if not found or found[0].level not in DOORS:
        return "none"
    doors = {answer.record.code for answer in found if answer.record is not None}
    if "ambiguous" in found[0].faults:
        if code not in doors:
            return "several, none right"
        return "several" if doors <= {code, *twins} else "several, needlessly"
    if code in doors:
        return "right, of twins" if twins else "right"
    if found[0].level == "building" and found[0].record is not None and not twins:
        return "building"
    return "wrong, sure" if found[0].confidence >= SURE else "wrong"


# Demo households


def demo_rows(bench: Bench, size: int) -> list[Row]:
    """`size` households of the file, spread over it by chance."""
    chance = random.Random(bench.given.seed)
    kept: list[dict[str, str]] = []
    with bench.given.demo.open(encoding="utf-8", newline="") as lines:
        for at, row in enumerate(csv.DictReader(lines)):
            if len(kept) < size:
                kept.append(row)
            elif (place := chance.randrange(at + 1)) < size:
                kept[place] = row
    return [row for row in map(bench_row(bench.gazetteer), kept) if row.number]


def bench_row(gazetteer: Gazetteer) -> Any:
    """From a line of the file to a row."""
    day = today()

    def read(line: dict[str, str]) -> Row:
        former = gazetteer.with_code(line["former_commune_code"])
        return Row(
            line["source_ref"],
            line["house_number"],
            line["street"],
            line["locality"],
            line["building"],
            line["floor"],
            line["unit"],
            next(u for u in gazetteer.with_code(line["commune_code"]) if u.alive_on(day)),
            next((u for u in former if not u.alive_on(day)), None),
            float(line["longitude"]),
            float(line["latitude"]),
        )

    return read


def measure_demo(bench: Bench) -> None:
    """Doors of demo households in every way of writing, and doors that are not there."""
    codes = bench.codes(bench.given.demo_source)
    rows = [row for row in demo_rows(bench, bench.given.sample) if row.ref in codes]
    bench.measured_on = f"demo households; {names_known(rows)}"
    known = Map(bench.gazetteer, today())
    peers = {codes[row.ref]: peers_of(bench, known, row, codes[row.ref]) for row in rows}
    for kind, write in WRITERS.items():
        if bench.given.only and bench.given.only not in kind:
            continue
        for row in rows:
            chance = random.Random(f"{bench.given.seed}/{kind}/{row.ref}")
            text = write(row, known, chance)
            if text is not None:
                code = codes[row.ref]
                twins = set(twins_of(known, kind, row, text, code, peers[code]))
                found = bench.ask(kind, text)
                outcome = door_outcome(found, code, twins)
                name = f"{kind}, twins" if twins else kind
                bench.count(name, outcome, text, found, f"{code} {row.ref}")
    measure_absent(bench, rows, known)


def names_known(rows: Iterable[Row]) -> str:
    """How many of the names the lexicon lists, so that a slip in them is judged by what it says.

    The figures of the other ways of writing do not depend on it.
    """
    names = [parse_street(row.street) for row in rows if row.street]
    keys = [fold(street.name) for street in names if street is not None]
    known = sum(key in FAMOUS for key in keys)
    return f"of {len(keys):,} names of streets the lexicon lists {known / max(len(keys), 1):.0%}"


def peers_of(bench: Bench, known: Map, row: Row, code: str) -> list[Record]:
    """Doors of the same number and street in the row's commune, in others of its name, and in those
    that continue a former commune of the same name as one that went into it.
    """
    name = name_key(row.commune.version_on(known.day).name)
    meant = [hit.unit for hit in bench.gazetteer.named(name)]
    for step in bench.gazetteer.predecessors(row.commune):
        for hit in bench.gazetteer.named(name_key(step.predecessor.versions[-1].name)):
            meant += [onward.successor for onward in bench.gazetteer.successors(hit.unit)]
    units = list({unit.id for unit in meant if unit.alive_on(known.day)})
    return [Record(*found) for found in bench.reads.rows(PEERS, {"code": code, "units": units})]


def twins_of(
    known: Map, kind: str, row: Row, text: str, code: str, peers: list[Record]
) -> Iterator[str]:
    """Codes of other doors that the text fits as well."""
    mine = next((record for record in peers if record.code == code), None)
    if mine is None:
        return  # registered without its street or its number
    for record in peers:
        if record.code == code or record.unit_id is None:
            continue
        unit = known.gazetteer.units[record.unit_id]
        if text != without_diacritics(text) and accent_key(record.street_name or "") != accent_key(
            mine.street_name or ""
        ):
            continue
        if (record.outer_localities or []) != (mine.outer_localities or []):
            continue
        if places_fit(known, kind, row, unit, record, text):
            yield record.code


def places_fit(known: Map, kind: str, row: Row, unit: Unit, record: Record, text: str) -> bool:
    """Whether what the text says of the commune fits this door."""
    if kind == "without province":
        return called_so(known, unit, row.commune.version_on(known.day).full_name)
    if kind not in ("old map", "old ward, new province"):
        return unit is row.commune
    # The file may be silent of the former commune, and so may the register: then it may be any.
    formers = [step.predecessor for step in known.gazetteer.predecessors(unit)]
    if record.former_unit_id is not None:
        formers = [known.gazetteer.units[record.former_unit_id]]
    province = known.today(unit)[1]
    return any(
        text.endswith(", ".join(before if kind == "old map" else (before[0], province)))
        for before in (known.before(former) for former in formers if former.level == "commune")
    )


def called_so(known: Map, unit: Unit, name: str) -> bool:
    """Whether a commune bears this name today: one that only a former one bore comes after it."""
    return accent_key(unit.version_on(known.day).full_name) == accent_key(name)


def measure_absent(bench: Bench, rows: list[Row], known: Map) -> None:
    """Doors that the register does not hold: another number, another street of the same town."""
    if bench.given.only and bench.given.only not in "absent":
        return
    streets = other_streets(bench.given.streets) if bench.given.streets else []
    bench.measured_on = (
        "demo households with a number, or a real street of --streets, that none has there"
    )
    for row in rows:
        if not row.street or row.building:
            continue
        chance = random.Random(f"{bench.given.seed}/absent/{row.ref}")
        units = ", ".join(known.today(row.commune))
        texts = {"absent number": f"{row.number.split(',')[0]}99 {row.street}, {units}"}
        if streets:
            texts["absent street"] = f"{row.number} {chance.choice(streets)}, {units}"
        if near := alike(row.street, streets):
            texts["absent street, a letter apart"] = f"{row.number} {chance.choice(near)}, {units}"
        for kind, text in texts.items():
            found = bench.ask(kind, text)
            wrong = bool(found) and found[0].level in DOORS and not is_asked(bench, text, found[0])
            bench.count(kind, "wrong" if wrong else "none", text, found, "no door")


def alike(street: str, others: list[str]) -> list[str]:
    """Real streets whose name differs from this one by a letter, or by diacritics alone."""
    name = re.sub(r"^(Đường|Phố) ", "", street)
    key = fold(name)
    return [
        other
        for other in others
        if abs(len(other) - len(name)) < 2
        and other != name
        and accent_key(other) != accent_key(name)
        and (fold(other) == key or is_one_slip(fold(other), key))
    ]


def is_asked(bench: Bench, text: str, answer: Answer) -> bool:
    """Whether the door has the very street that was asked for: the register may hold it."""
    street = read_address(bench.gazetteer, text)[0].door.street
    return street is not None and accent_key(street.name) == accent_key(
        answer.parts.street_name or ""
    )


def other_streets(path: Path) -> list[str]:
    """Names of real streets: column `street` of a CSV file."""
    with path.open(encoding="utf-8", newline="") as lines:
        names = {row["street"] for row in csv.DictReader(lines)}
    return sorted(name for name in names if " " in name and not any(map(str.isdigit, name)))


# The report


def report(bench: Bench) -> None:
    """The table, and samples of what was wrong."""
    print(
        f"{'':34} {'asked':>7} {'right':>8} {'several':>8} {'wrong':>8} {'sure':>8} {'none':>8}  ms"
    )
    measured_on = ""
    for kind, tally in bench.tallies.items():
        if tally.measured_on != measured_on:
            measured_on = tally.measured_on
            print(f"on {measured_on}")
        right, several = tally.share("right"), tally.share("several")
        wrong = tally.share("wrong", "wrong, sure", "several, none right", "right, of twins")
        sure = tally.share("wrong, sure")
        none = tally.share("none", "no door", "building", "several, needlessly")
        each = tally.seconds / max(tally.asked, 1) * 1000
        print(f"{kind:34} {tally.asked:7,} {right} {several} {wrong} {sure} {none} {each:5.2f}")
    print(
        "\nfirst answers without doubt, by fault: doors right and wrong, communes right and wrong"
    )
    for fault, outcomes in sorted(bench.faults.items()):
        doors, above = (
            (outcomes[f"{place} right"], outcomes[f"{place} wrong"]) for place in ("door", "above")
        )
        print(f"{fault:28} {doors[0]:7,} {doors[1]:6,}   {above[0]:7,} {above[1]:6,}")
    for kind, tally in bench.tallies.items():
        for outcome, samples in tally.samples.items():
            if outcome in ("right", "no door") or outcome in bench.given.hide:
                continue
            print(f"\n{kind}: {outcome}, {len(samples)}")
            random.Random(1).shuffle(samples)
            for sample in samples[: bench.given.show]:
                print(f"    {sample}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("url")
    arguments.add_argument("real", type=Path, metavar="REAL_CSV")
    arguments.add_argument("--register", type=Path, metavar="OUT_CSV")
    arguments.add_argument("--demo", type=Path, metavar="DEMO_CSV")
    arguments.add_argument("--streets", type=Path, metavar="STREETS_CSV")
    arguments.add_argument("--real-source", default="real")
    arguments.add_argument("--demo-source", default="bench")
    arguments.add_argument("--sample", type=int, default=4000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--show", type=int, default=0)
    arguments.add_argument("--only", default="", metavar="WORD")
    arguments.add_argument("--hide", default=[], action="append", metavar="OUTCOME")
    given = arguments.parse_args()
    if given.register:
        write_registered(given.real, given.register)
        return
    bench = Bench(given)
    try:
        if not given.only or given.only == "real":
            measure_real(bench)
        if given.demo and given.only != "real":
            measure_demo(bench)
    finally:
        bench.reads.close()
        bench.engine.dispose()
    report(bench)


if __name__ == "__main__":
    sys.exit(main())
