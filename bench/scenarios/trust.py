"""What is accepted without a question: texts made from registered doors, of which some leave two
doors open and must be asked about, and some name one door and need no question.

Each run draws other doors; the seed is printed. `accepted`: a verdict of accept or correct.
"""

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from bench.harness import Bench, Figure, Scenario
from bench.scenarios.accuracy import Questions, register_of_real
from bench.scenarios.writings import Map
from geo.admin import name_key
from geo.label import named
from geo.text import fold
from registry.records.record import COLUMNS, JOINS, Record
from registry.search.geocode import Question
from registry.search.judge.verdicts import Validation
from registry.search.validate import validate
from registry.units.gazetteer import Unit, today
from registry.units.onward import communes_of

DRAWN: Final = f"""
    SELECT {COLUMNS} FROM household h {JOINS}
    WHERE h.status = 'active' AND t.name IS NOT NULL AND h.unit_number IS NULL
        AND h.house_number_key ~ '^[1-9][0-9]*[A-Z]?(/[0-9]+)*$' AND h.building_name IS NULL
        AND h.point IS NOT NULL
    ORDER BY md5(h.code || %(seed)s) LIMIT %(count)s
"""
SURE: Final = ("accept", "correct")
ROADS: Final = ("QL1A", "Quốc lộ 1A", "QL 5", "tỉnh lộ 8", "đường ven sông", "chợ Mới", "cổng chào")


@dataclass(frozen=True, slots=True)
class Door:
    """A registered door on a street, and its names on both maps."""

    record: Record
    unit: Unit
    street: str
    bare_street: str
    commune: str
    bare_commune: str
    province: str
    before: tuple[str, ...]
    """Former commune, district and province; empty where the register does not know."""

    @property
    def number(self) -> str:
        return self.record.house_number or ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The doors of one run."""

    questions: Questions
    known: Map
    chance: random.Random
    doors: list[Door]

    def communes_named(self, name: str) -> set[int]:
        """Ids of communes and districts of any map that bear a name."""
        hits = self.questions.gazetteer.named(name_key(name))
        return {hit.unit.id for hit in hits if hit.unit.level != "province"}

    def has_unit_named_as(self, door: Door) -> bool:
        """Whether a commune of any map in today's province bears the name of the door's street."""
        gazetteer, day = self.questions.gazetteer, self.known.day
        province = gazetteer.province_of(door.unit, day)
        around = communes_of(gazetteer, day, province) if province else frozenset()
        return any(
            hit.unit.level == "commune"
            and not around.isdisjoint(communes_of(gazetteer, day, hit.unit))
            for hit in gazetteer.named(name_key(door.bare_street))
        )


Writer = Callable[[Drawn, Door], str | None]


def exchanged(drawn: Drawn, door: Door) -> str | None:
    """`5, Ngọc Hà, P. Đội Cấn, Hà Nội` of 5 Đội Cấn, Phường Ngọc Hà, where Đội Cấn was a ward."""
    return _exchanged(drawn, door) if drawn.has_unit_named_as(door) else None


def exchanged_no_unit(drawn: Drawn, door: Door) -> str | None:
    """The same, where no unit of the province bears the street's name."""
    return None if drawn.has_unit_named_as(door) else _exchanged(drawn, door)


def _exchanged(drawn: Drawn, door: Door) -> str | None:
    if any(map(str.isdigit, door.bare_street + door.bare_commune)):
        return None
    if fold(door.bare_street) == fold(door.bare_commune):
        return None
    kind = drawn.chance.choice(("P. ", "P.", "Phường ", "phường ", "p "))
    name, ward = door.bare_commune, door.bare_street
    written = drawn.chance.choice((name, f"đường {name}", f"Phố {name}"))
    comma = drawn.chance.choice((" ", ", "))
    return f"{door.number}{comma}{written}, {kind}{ward}, {door.province}"


def two_numbers(drawn: Drawn, door: Door) -> str | None:
    """`246, 248 Trịnh Đình Trọng, …`."""
    if not door.number.isdigit():
        return None
    other = int(door.number) + drawn.chance.choice((2, 4, 6))
    sign = drawn.chance.choice((", ", "-", " - ", " + ", " & ", " và ", " hoặc ", " hay "))
    return f"{door.number}{sign}{other} {door.street}, {door.commune}, {door.province}"


def three_numbers(_drawn: Drawn, door: Door) -> str | None:
    """`246, 248, 250 Trịnh Đình Trọng, …`."""
    if not door.number.isdigit():
        return None
    first = int(door.number)
    numbers = ", ".join(map(str, (first, first + 2, first + 4)))
    return f"{numbers} {door.street}, {door.commune}, {door.province}"


def lonely_ward(drawn: Drawn, door: Door) -> str | None:
    """Street, number and a ward whose name is one unit's alone in the country."""
    if len(drawn.communes_named(door.bare_commune)) > 1:
        return None
    return f"{door.number} {door.street}, {door.commune}"


def shared_ward(drawn: Drawn, door: Door) -> str | None:
    """The same, where several units bear the ward's name."""
    if len(drawn.communes_named(door.bare_commune)) < 2:
        return None
    return f"{door.number} {door.street}, {door.commune}"


def no_ward(_drawn: Drawn, door: Door) -> str | None:
    """`12 Láng Hạ, Quận Đống Đa, Thành phố Hà Nội`."""
    return ", ".join((f"{door.number} {door.street}", *door.before[1:])) if door.before else None


def bracketed(drawn: Drawn, door: Door) -> str | None:
    """`12 (đối diện chợ) Láng, …`."""
    note = drawn.chance.choice(("đối diện chợ", "cũ 9827", "số cũ 9827", "gần hồ", "cổng sau"))
    return f"{door.number} ({note}) {door.street}, {door.commune}, {door.province}"


def flat_before(drawn: Drawn, door: Door) -> str | None:
    """`P.301 - 246 Trịnh Đình Trọng, …`."""
    flat = f"{drawn.chance.randint(1, 9)}0{drawn.chance.randint(1, 9)}"
    opening = drawn.chance.choice(("P.", "P", "phòng ", "Phòng ", "căn hộ "))
    sign = drawn.chance.choice((" - ", ", ", "-"))
    return f"{opening}{flat}{sign}{door.number} {door.street}, {door.commune}, {door.province}"


def by_the_road(drawn: Drawn, door: Door) -> str | None:
    """`km 12 QL1A, Thường Tín, Hà Nội`: the commune must be the one that is written."""
    road, km = drawn.chance.choice(ROADS), drawn.chance.randint(1, 99)
    units = door.before if door.before and drawn.chance.random() < 0.5 else None
    return ", ".join((f"km {km} {road}", *(units or (door.commune, door.province))))


def plain(_drawn: Drawn, door: Door) -> str | None:
    """As the register itself writes it: no question."""
    return f"{door.number} {door.street}, {door.commune}, {door.province}"


MUST_ASK: Final[dict[str, Writer]] = {
    "street and ward exchanged": exchanged,
    "the same, no unit has the name": exchanged_no_unit,
    "two numbers": two_numbers,
    "three numbers": three_numbers,
    "no province, several of the name": shared_ward,
}
CERTAIN: Final[dict[str, Writer]] = {
    "plain": plain,
    "no province, one of the name": lonely_ward,
    "no ward": no_ward,
    "words in brackets": bracketed,
}
IN_PLACE: Final[dict[str, Writer]] = {"flat before the number": flat_before, "road": by_the_road}


def draw(bench: Bench, seed: int) -> Drawn:
    """Doors enough for `sample` texts of each kind."""
    shared = bench.shared_file("real_addresses.csv").parent
    questions = Questions(register_of_real(bench.registers, bench.households, shared))
    known = Map(questions.gazetteer, today())
    rows = questions.reads.rows(DRAWN, {"seed": str(seed), "count": 60 * bench.sample})
    doors = [_door(known, Record(*row)) for row in rows]
    return Drawn(questions, known, random.Random(seed), doors)


def _door(known: Map, record: Record) -> Door:
    unit = known.gazetteer.units[record.unit_id or 0]
    former = known.gazetteer.units.get(record.former_unit_id or 0)
    commune, province = known.today(unit)
    street = named(record.street_kind, record.street_name or "")
    bare = unit.version_on(known.day).name
    before = known.before(former) if former else ()
    whole = before if len(before) == 3 else ()
    return Door(record, unit, street, record.street_name or "", commune, bare, province, whole)


def judged(door: Door, found: Validation) -> str:
    """In a word or two what became of a text that names this door."""
    code = door.record.code
    if found.verdict in SURE:
        return "accepted" if found.code == code else "accepted, another door"
    choices = found.question.choices if found.question else ()
    offered = any(choice.code == code for choice in choices)
    return "asked, the door offered" if offered else f"asked, {found.verdict}"


def measure(bench: Bench) -> Iterator[Figure]:
    seed = time.time_ns() % 1_000_000
    print(f"  seed {seed}", flush=True)
    drawn = draw(bench, seed)
    samples: dict[tuple[str, str], list[str]] = defaultdict(list)
    for kind, write in {**MUST_ASK, **CERTAIN, **IN_PLACE}.items():
        outcomes, doors = Counter[str](), iter(drawn.doors)
        while outcomes.total() < bench.sample and (door := next(doors, None)) is not None:
            if (text := write(drawn, door)) is None:
                continue
            found = validate(drawn.questions.gazetteer, drawn.questions.reads, Question(text))
            outcome = _placed(drawn, text, found) if kind == "road" else judged(door, found)
            outcomes[outcome] += 1
            samples[kind, outcome].append(f"{text} → {found.address} {','.join(found.faults)}")
        for outcome, count in sorted(outcomes.items()):
            yield Figure(kind, 100 * count / outcomes.total(), "%", outcome)
            for sample in samples[kind, outcome][: bench.show]:
                print(f"      {outcome}: {sample}", flush=True)
    drawn.questions.close()


def _placed(drawn: Drawn, text: str, found: Validation) -> str:
    """Whether the commune answered has the written name, or follows from the unit that has."""
    if found.commune is None:
        return "no commune"
    here = found.commune
    written = text.split(", ")[1]
    names = {fold(version.full_name) for version in here.versions}
    formers = (step.predecessor for step in drawn.questions.gazetteer.predecessors(here))
    names |= {fold(version.full_name) for former in formers for version in former.versions}
    return "the commune written" if fold(written) in names else "another commune"


SCENARIOS = (Scenario("trust", "what is accepted without a question, of texts made anew", measure),)
