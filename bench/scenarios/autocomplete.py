"""Keystrokes until what is meant is among the first three suggestions, and milliseconds for each.

Streets and localities of a sample of doors are typed letter by letter without diacritics, `name,
commune, province`; doors with their number in front. Each is done without a point, and with one
about two kilometres away, as a shop's page may have it. "Name" counts until the name is offered,
whose commune is then chosen from a list; "place" until name and commune are; "place, name chosen"
the same where the name is taken from the list as soon as it is offered, which counts as a
keystroke, and its commune is typed behind it. "Initials" are the first letters of the words only,
`nt bd hn` for Nguyễn Trãi, Ba Đình, Hà Nội, spaces counted; a name of one word or with a number in
it is typed out. "Beginnings" are the first two letters of every word. Somebody who has typed all of
them without finding it starts again in full, and all keystrokes count.
"""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from bench.harness import Bench, Figure, Scenario, percentiles
from bench.scenarios.writings import without_diacritics
from geo.label import named, number_of
from geo.text import fold
from registry.core.settings import Settings
from registry.records.record import COLUMNS, JOINS, Record, record_wording
from registry.register import Register
from registry.search.autocomplete import Typing, autocomplete
from registry.search.autocomplete.suggestion import Suggestion
from registry.units.gazetteer import today

AWAY = 0.018
"""Degrees to the point."""
FIRST = 3


@dataclass(frozen=True)
class Entry:
    """What somebody has in mind."""

    name: str
    commune: str
    province: str
    number: str
    code: str
    label: str
    unit_id: int
    lon: float
    lat: float


def entries(register: Register, count: int) -> list[Entry]:
    """Doors in random order, at most one a place."""
    rows = register.reads.rows(
        f"SELECT {COLUMNS} FROM household h {JOINS}"
        f" WHERE h.status = 'active' AND h.point IS NOT NULL AND h.house_number_key IS NOT NULL"
        f" AND h.unit_number IS NULL AND NOT h.restricted AND h.kind = 'household'"
        f" ORDER BY md5(h.code) LIMIT {count * 2}",
        {},
    )
    found: dict[tuple[str, int], Entry] = {}
    known = register.gazetteer.get()
    for record in (Record(*row) for row in rows):
        words = record_wording(known, today(), record)
        if not words.commune or not words.province or not (record.lon and record.lat):
            continue
        name = record.street_name or (named(*record.localities[0]) if record.localities else "")
        number = number_of(record.label_parts)
        if name and number:
            entry = Entry(
                name,
                words.commune.version_on(today()).name,
                words.province.version_on(today()).name,
                number,
                record.code,
                words.label,
                words.commune.id,
                record.lon,
                record.lat,
            )
            found.setdefault((fold(name), entry.unit_id), entry)
    return list(found.values())[:count]


def keystrokes(
    ask: Callable[[str], list[Suggestion]],
    text: str,
    wanted: Callable[[Suggestion], bool],
    *,
    taken: str = "",
) -> int:
    """How many letters of `text`, behind what was taken from the list, until it is there.

    All of them and one more where it never is.
    """
    for count in range(0 if taken else 2, len(text) + 1):
        if any(map(wanted, ask(taken + text[:count])[:FIRST])):
            return count
    return len(text) + 1


def keystrokes_with_choice(
    ask: Callable[[str], list[Suggestion]],
    name: str,
    behind: str,
    is_place: Callable[[Suggestion], bool],
    is_name: Callable[[Suggestion], bool],
) -> int:
    """The same for somebody who takes the name from the list, and types `behind` after it."""
    for count in range(2, len(name) + 1):
        lines = ask(name[:count])[:FIRST]
        if any(map(is_place, lines)):
            return count
        taken = next((line.text for line in lines if line.places > 1 and is_name(line)), None)
        if taken is not None:
            return count + 1 + keystrokes(ask, behind, is_place, taken=taken)
    return keystrokes(ask, f"{name}, {behind}", is_place)


def initials(name: str) -> str:
    """First letters of the words; all of a single one, and of a name with a number."""
    words = fold(name).split()
    if len(words) < 2 or not all(map(str.isalpha, words)):
        return without_diacritics(name).lower()
    return "".join(word[0] for word in words)


def two_letters(name: str) -> str:
    """The first two letters of each word; numbers whole."""
    return " ".join(w if any(map(str.isdigit, w)) else w[:2] for w in fold(name).split())


def keystrokes_by_beginnings(
    ask: Callable[[str], list[Suggestion]],
    short: str,
    full: str,
    wanted: Callable[[Suggestion], bool],
) -> int:
    """How many letters of `short`, or all of them and those of `full`, until it is there."""
    count = keystrokes(ask, short, wanted)
    return count if count <= len(short) else len(short) + keystrokes(ask, full, wanted)


Ask = Callable[[str], list[Suggestion]]


def asker(register: Register, entry: Entry, *, near: bool, times: list[float]) -> Ask:
    """Asks as somebody near the entry would, and notes how long each question took."""
    angle = random.Random(entry.code).uniform(0, 2 * np.pi)
    point = (entry.lon + AWAY * np.cos(angle), entry.lat + AWAY * np.sin(angle))

    def ask(text: str) -> list[Suggestion]:
        started = time.perf_counter()
        known, names = register.gazetteer.get(), register.place_names.get()
        typing = Typing(text, near=point if near else None)
        found = autocomplete(known, register.reads, names, typing)
        times.append(time.perf_counter() - started)
        return found

    return ask


def measure(bench: Bench) -> Iterator[Figure]:
    settings = Settings(statement_timeout_ms=60_000)
    with closing(Register.open(settings, bench.register())) as register:
        register.place_names.get()
        sample = entries(register, bench.sample)
        for near in (False, True):
            times: list[float] = []
            counts: dict[str, list[int]] = defaultdict(list)
            for entry in sample:
                for way, count in typed(asker(register, entry, near=near, times=times), entry):
                    counts[way].append(count)
            where = "with a point 2 km away" if near else "without a point"
            for way, each in counts.items():
                name = f"keystrokes, {way}, {where}"
                yield Figure(name, float(np.median(each)), "keystrokes", "median")
                yield Figure(name, float(np.percentile(each, 90)), "keystrokes", "p90")
            yield from percentiles(f"suggestions {where}", times, 50, 95, 99)


def typed(ask: Ask, entry: Entry) -> Iterator[tuple[str, int]]:
    """Way of typing → keystrokes."""
    name, behind = fold(entry.name), f"{fold(entry.commune)}, {fold(entry.province)}"
    text, numbered = f"{name}, {behind}", f"{entry.number.lower()} "

    def is_place(s: Suggestion) -> bool:
        there = s.commune is not None and s.commune.id == entry.unit_id
        return there and name in fold(s.label.split(",")[0])

    def is_name(s: Suggestion) -> bool:
        return s.type in ("street", "locality") and name in fold(s.label.split(",")[0])

    def is_door(s: Suggestion) -> bool:
        # Several records may bear one wording; it is one line.
        return s.type == "door" and s.label == entry.label

    yield "name", keystrokes(ask, text, is_name)
    yield "place", keystrokes(ask, text, is_place)
    yield "place, name chosen", keystrokes_with_choice(ask, name, behind, is_place, is_name)
    yield "door, number first", keystrokes(ask, numbered + text, is_door)
    for way, shorten in (("initials", initials), ("beginnings", two_letters)):
        short = " ".join(map(shorten, (entry.name, entry.commune, entry.province)))
        yield f"place, {way}", keystrokes_by_beginnings(ask, short, text, is_place)
        shortened, full = numbered + short, numbered + text
        yield f"door, {way}", keystrokes_by_beginnings(ask, shortened, full, is_door)


SCENARIOS = (
    Scenario("autocomplete", "keystrokes until it is suggested, and time of each", measure),
)
