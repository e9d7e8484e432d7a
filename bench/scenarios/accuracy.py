"""Geocoding: right, wrong and abstained, on real addresses and on demo households, by kind.

The register holds the real addresses without three of ten, so that it is also measured how it
answers what it does not hold, and demo households delivered as real ones. `wrong` is one door,
given without doubt, that is not the row's; `several` are doors that fit the text equally, the row's
among them, said to be ambiguous; `held` (in no column) is a door with the very address of a row
that was left out, from another row. Rows whose text fits several doors of the register are counted
apart (`twins`): one answer would be a guess.
"""

import csv
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, Final

from bench.harness import Bench, Figure, Scenario
from bench.registers import Registers
from bench.scenarios.importing import import_rows, plan, write_columns
from bench.scenarios.writings import WRITERS, Map, Row, without_diacritics
from geo.address import names_dwelling
from geo.admin import name_key
from geo.text import accent_key, fold, is_one_slip
from registry.core.database import make_engine, session_scope
from registry.core.reads import Reads
from registry.records.record import COLUMNS, JOINS, Record
from registry.search.answers import Answer
from registry.search.geocode import MAX_LIMIT, Question, geocode
from registry.search.read.address_reader import read_address
from registry.search.validate import validate
from registry.units.boundaries import communes_at
from registry.units.gazetteer import Gazetteer, Unit, today
from registry.units.gazetteer_loading import load_gazetteer

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
SEED: Final = 1
COLUMNS_OF: Final = {
    "right": ("right",),
    "several": ("several",),
    "wrong": ("wrong", "wrong, sure", "several, none right", "right, of twins"),
    "surely wrong": ("wrong, sure",),
    "none": ("none", "no door", "building", "several, needlessly"),
}
CODES: Final = "SELECT source_ref, code FROM household_ref WHERE source = %(source)s"


@dataclass
class Tally:
    """What became of the questions of one kind."""

    outcomes: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    seconds: float = 0.0

    def add(self, outcome: str, sample: str) -> None:
        """Count it and keep it to be shown."""
        self.outcomes[outcome] += 1
        self.samples[outcome].append(sample)

    def share(self, *outcomes: str) -> float:
        """Per cent of the questions."""
        return 100 * sum(self.outcomes[each] for each in outcomes) / self.outcomes.total()


class Questions:
    """An opened register, and what was counted; the same seed asks the same questions."""

    def __init__(self, url: str, gazetteer: Gazetteer | None = None) -> None:
        self.engine = make_engine(url)
        self.reads = Reads(url, pool_size=1, statement_timeout_ms=60_000)
        with session_scope(self.engine) as session:
            self.gazetteer = gazetteer or load_gazetteer(session)
        self.tallies: dict[str, Tally] = defaultdict(Tally)
        self.faults: dict[str, Counter[str]] = defaultdict(Counter)
        self.verdicts: dict[str, Counter[str]] = defaultdict(Counter)
        """On addresses whose doors are registered."""

    def close(self) -> None:
        self.reads.close()
        self.engine.dispose()

    def ask(self, kind: str, text: str) -> list[Answer]:
        """The answers, as many as there may be."""
        start = process_time()
        found = geocode(self.gazetteer, self.reads, Question(text, limit=MAX_LIMIT))
        self.tallies[kind].seconds += process_time() - start
        return found

    def count(self, kind: str, outcome: str, text: str, found: list[Answer], wanted: str) -> None:
        """Count one answer."""
        sample = f"{text}\n      wanted {wanted}\n      got    {shown(found)}"
        self.tallies[kind].add(outcome, sample)
        if found and "ambiguous" not in found[0].faults:
            place = "door" if found[0].level in DOORS else "above"
            for fault in found[0].faults or ("none",):
                self.faults[fault][f"{place} {outcome.split(',')[0]}"] += 1

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


def register_of_real(registers: Registers, households: int, shared: Path) -> str:
    """URL of a register of the real addresses, less those that are left out, and so many demo
    households.
    """

    def fill(url: str) -> None:
        engine = make_engine(url)
        with TemporaryDirectory() as folder:
            registered, demo = Path(folder) / "real.csv", Path(folder) / "demo.csv"
            write_registered(shared / "real_addresses.csv", registered)
            import_rows(engine, registered, "real")
            if households:
                write_columns(demo, plan(engine, households, seed=1).households())
                import_rows(engine, demo, "bench")
        engine.dispose()

    return registers.kept(f"bench_real_{households}", fill, shared)


def measure_real(questions: Questions, path: Path) -> None:
    """Communes and doors of the real addresses, registered and left out."""
    codes, rows = questions.codes("real"), real_rows(path)
    held = communes_of_rows(questions, rows)
    for row in rows:
        where = held[row["ref"]]
        if not where:
            continue
        if is_left_out(row):
            readings = read_address(questions.gazetteer, row["address"])
            if readings and names_dwelling(readings[0].door, has_point=True):
                ask_left_out(questions, row, where)
        elif row["ref"] in codes:
            for kind, column in (("before", "address_before_2025"), ("today", "address")):
                ask_registered(questions, kind, row[column], codes[row["ref"]], where)


def communes_of_rows(questions: Questions, rows: Iterable[dict[str, str]]) -> dict[str, set[int]]:
    """Reference → communes whose polygon holds the point."""
    with session_scope(questions.engine) as session:
        return {
            row["ref"]: set(
                communes_at(session, lon=float(row["longitude"]), lat=float(row["latitude"]))
            )
            for row in rows
        }


def ask_registered(questions: Questions, kind: str, text: str, code: str, where: set[int]) -> None:
    """A registered address in one of its wordings."""
    found = questions.ask(f"real, {kind}: commune", text)
    names = ", ".join(
        questions.gazetteer.units[unit].version_on(today()).full_name for unit in where
    )
    outcome = commune_outcome(found, where)
    questions.count(f"real, {kind}: commune", outcome, text, found, f"{code} in {names}")
    readings = read_address(questions.gazetteer, text)
    number = readings[0].door.house_number if readings else None
    if number is not None and not number.alley_only:
        outcome = door_outcome(found, code, set())
        questions.count(f"real, {kind}: door", outcome, text, found, f"{code} in {names}")
        verdict = validate(questions.gazetteer, questions.reads, Question(text)).verdict
        questions.verdicts[f"real, {kind}: order"][verdict] += 1


def ask_left_out(questions: Questions, row: dict[str, str], where: set[int]) -> None:
    """An address that the register does not hold: by both wordings."""
    for kind, column in (("before", "address_before_2025"), ("today", "address")):
        name = f"left out, {kind}: commune"
        found = questions.ask(name, row[column])
        questions.count(name, commune_outcome(found, where), row[column], found, row["ref"])
        door = "wrong" if found and found[0].level in DOORS else "no door"
        if door == "wrong" and is_held(questions, row[column], found[0], where):
            door = "held"
        questions.count(f"left out, {kind}: door", door, row[column], found, row["ref"])


def is_held(questions: Questions, text: str, answer: Answer, where: set[int]) -> bool:
    """Whether the register holds this very address after all, from another row or source."""
    number = read_address(questions.gazetteer, text)[0].door.house_number
    here = answer.unit is not None and answer.unit.id in where
    same = number is not None and number.key == answer.parts.number_key
    return here and same and is_asked(questions, text, answer)


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


def demo_rows(questions: Questions, households: int, size: int) -> list[Row]:
    """`size` of the demo households of the register, spread over it by chance."""
    chosen = set(random.Random(SEED).sample(range(households), min(size, households)))
    made = plan(questions.engine, households, seed=1).households()
    kept = (row._asdict() for at, row in enumerate(made) if at in chosen)
    return [row for row in map(row_reader(questions.gazetteer), kept) if row.number]


def row_reader(gazetteer: Gazetteer) -> Any:
    """From the columns of a household to a row."""
    day = today()

    def read(line: dict[str, Any]) -> Row:
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


def measure_demo(questions: Questions, rows: list[Row], streets: Path) -> None:
    """Doors of demo households in every way of writing, and doors that are not there."""
    codes = questions.codes("bench")
    rows = [row for row in rows if row.ref in codes]
    known = Map(questions.gazetteer, today())
    peers = {codes[row.ref]: peers_of(questions, known, row, codes[row.ref]) for row in rows}
    for kind, write in WRITERS.items():
        for row in rows:
            text = write(row, known, random.Random(f"{SEED}/{kind}/{row.ref}"))
            if text is not None:
                code = codes[row.ref]
                twins = set(twins_of(known, kind, row, text, code, peers[code]))
                name = f"{kind}, twins" if twins else kind
                found = questions.ask(name, text)
                outcome = door_outcome(found, code, twins)
                questions.count(name, outcome, text, found, f"{code} {row.ref}")
    measure_absent(questions, rows, known, other_streets(streets))


def peers_of(questions: Questions, known: Map, row: Row, code: str) -> list[Record]:
    """Doors of the same number and street in the row's commune, in others of its name, and in those
    that continue a former commune of the same name as one that went into it.
    """
    name = name_key(row.commune.version_on(known.day).name)
    meant = [hit.unit for hit in questions.gazetteer.named(name)]
    for step in questions.gazetteer.predecessors(row.commune):
        for hit in questions.gazetteer.named(name_key(step.predecessor.versions[-1].name)):
            meant += [onward.successor for onward in questions.gazetteer.successors(hit.unit)]
    units = list({unit.id for unit in meant if unit.alive_on(known.day)})
    return [Record(*found) for found in questions.reads.rows(PEERS, {"code": code, "units": units})]


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


def measure_absent(questions: Questions, rows: list[Row], known: Map, streets: list[str]) -> None:
    """Doors that the register does not hold: another number, another real street."""
    for row in rows:
        if not row.street or row.building:
            continue
        chance = random.Random(f"{SEED}/absent/{row.ref}")
        units = ", ".join(known.today(row.commune))
        texts = {"absent number": f"{row.number.split(',')[0]}99 {row.street}, {units}"}
        texts["absent street"] = f"{row.number} {chance.choice(streets)}, {units}"
        if near := alike(row.street, streets):
            texts["absent street, a letter apart"] = f"{row.number} {chance.choice(near)}, {units}"
        for kind, text in texts.items():
            found = questions.ask(kind, text)
            wrong = (
                bool(found) and found[0].level in DOORS and not is_asked(questions, text, found[0])
            )
            questions.count(kind, "wrong" if wrong else "none", text, found, "no door")


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


def is_asked(questions: Questions, text: str, answer: Answer) -> bool:
    """Whether the door has the very street that was asked for: the register may hold it."""
    street = read_address(questions.gazetteer, text)[0].door.street
    return street is not None and accent_key(street.name) == accent_key(
        answer.parts.street_name or ""
    )


def other_streets(path: Path) -> list[str]:
    """Names of real streets: column `street` of a CSV file."""
    with path.open(encoding="utf-8", newline="") as lines:
        names = {row["street"] for row in csv.DictReader(lines)}
    return sorted(name for name in names if " " in name and not any(map(str.isdigit, name)))


def measure(bench: Bench) -> Iterator[Figure]:
    real = bench.shared_file("real_addresses.csv")
    questions = Questions(register_of_real(bench.registers, bench.households, real.parent))
    measure_real(questions, real)
    rows = demo_rows(questions, bench.households, bench.sample)
    measure_demo(questions, rows, real.parent / "street_names.csv")
    questions.close()
    for kind, tally in questions.tallies.items():
        yield Figure(kind, tally.outcomes.total(), "", "asked")
        for column, outcomes in COLUMNS_OF.items():
            yield Figure(kind, tally.share(*outcomes), "%", column)
        yield Figure(kind, tally.seconds / tally.outcomes.total() * 1e3, "ms", "processor")
        show(kind, tally, bench.show)
    for kind, verdicts in questions.verdicts.items():
        questioned = verdicts["confirm"] + verdicts["complete"]
        yield Figure(kind, verdicts.total(), "", "asked")
        yield Figure(kind, 100 * questioned / verdicts.total(), "%", "questioned")
    # First answers without doubt: how often one with this fault is right.
    for fault, counts in sorted(questions.faults.items()):
        for outcome, count in sorted(counts.items()):
            yield Figure(f"fault {fault}", count, "", outcome)


def show(kind: str, tally: Tally, most: int) -> None:
    """Print samples of what was not right."""
    for outcome, samples in tally.samples.items():
        if most and outcome not in ("right", "no door"):
            print(f"  {kind}: {outcome}, {len(samples)}")
            for sample in random.Random(1).sample(samples, min(most, len(samples))):
                print(f"    {sample}")


SCENARIOS = (
    Scenario("accuracy", "geocoding of real addresses and demo households, by kind", measure),
)
