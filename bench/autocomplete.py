"""Keystrokes until what is meant is among the first three suggestions, and milliseconds for each.

    python -m bench.autocomplete DATABASE_URL [SAMPLE]

DATABASE_URL names a filled register. Streets and localities of a sample of doors are typed letter
by letter without diacritics, `name, commune, province`; doors with their number in front. Each is
done without a point, and with one about two kilometres away, as a shop's page may have it. "Name"
counts until the name is offered, whose commune is then chosen from a list; "place" until name and
commune are; "place, name chosen" the same where the name is taken from the list as soon as it is
offered, which counts as a keystroke, and its commune is typed behind it. "Initials" counts for
somebody who types the first letters of the words only, `nt bd hn` for Nguyễn Trãi, Ba Đình, Hà Nội,
spaces counted; a name of one word or with a number in it is typed out. "Beginnings" is the same for
the first two letters of every word, `ng tr ba di ha no`. Who has typed all of them without finding
it begins anew in full, and all keystrokes count.
"""

import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bench.writings import without_diacritics
from geo.label import named, number_of
from geo.text import fold
from registry.core.settings import Settings
from registry.records.record import COLUMNS, JOINS, Record, record_wording
from registry.register import Register
from registry.search.autocomplete import Typing, autocomplete
from registry.search.autocomplete.suggestion import Suggestion
from registry.units.gazetteer import today

SAMPLE = 300
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


class Run:
    """One way of asking, timed."""

    def __init__(self, register: Register, *, near: bool) -> None:
        self.register = register
        self.near = near
        self.times: list[float] = []

    def asker(self, entry: Entry) -> Callable[[str], list[Suggestion]]:
        """Asks as somebody near the entry would."""
        angle = random.Random(entry.code).uniform(0, 2 * np.pi)
        point = (entry.lon + AWAY * np.cos(angle), entry.lat + AWAY * np.sin(angle))

        def ask(text: str) -> list[Suggestion]:
            started = time.perf_counter()
            found = autocomplete(
                self.register.gazetteer.get(),
                self.register.reads,
                self.register.place_names.get(),
                Typing(text, near=point if self.near else None),
            )
            self.times.append((time.perf_counter() - started) * 1000)
            return found

        return ask


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    count = int(sys.argv[2]) if len(sys.argv) == 3 else SAMPLE
    register = Register.open(Settings(statement_timeout_ms=60_000), sys.argv[1])
    try:
        started = time.perf_counter()
        names = register.place_names.get()
        took = time.perf_counter() - started
        sizes = ", ".join(f"{len(n.keys):,} names of {len(n.ids):,} places" for n in names)
        print(f"{sizes}, read in {took:.2f} s")
        sample = entries(register, count)
        for near in (False, True):
            measure(Run(register, near=near), sample)
    finally:
        register.close()


def measure(run: Run, sample: list[Entry]) -> None:
    """Print the counts, and the times."""
    by_name, by_place, by_choice, by_door = [], [], [], []
    by_short, by_short_door, by_two, by_two_door = [], [], [], []
    for entry in sample:
        ask, name = run.asker(entry), fold(entry.name)
        text = fold(entry.name) + f", {fold(entry.commune)}, {fold(entry.province)}"

        def is_place(s: Suggestion, entry: Entry = entry, name: str = name) -> bool:
            there = s.commune is not None and s.commune.id == entry.unit_id
            return there and name in fold(s.label.split(",")[0])

        def is_name(s: Suggestion, name: str = name) -> bool:
            return s.type in ("street", "locality") and name in fold(s.label.split(",")[0])

        def is_door(s: Suggestion, entry: Entry = entry) -> bool:
            # Several records may bear one wording; it is one line.
            return s.type == "door" and s.label == entry.label

        by_name.append(keystrokes(ask, text, is_name))
        by_place.append(keystrokes(ask, text, is_place))
        behind = f"{fold(entry.commune)}, {fold(entry.province)}"
        by_choice.append(keystrokes_with_choice(ask, name, behind, is_place, is_name))
        numbered = f"{entry.number.lower()} "
        by_door.append(keystrokes(ask, numbered + text, is_door))
        for shorten, places, doors in (
            (initials, by_short, by_short_door),
            (two_letters, by_two, by_two_door),
        ):
            short = " ".join(map(shorten, (entry.name, entry.commune, entry.province)))
            places.append(keystrokes_by_beginnings(ask, short, text, is_place))
            doors.append(keystrokes_by_beginnings(ask, numbered + short, numbered + text, is_door))
    print("with a point two kilometres away" if run.near else "without a point")
    for title, counts in (
        ("name", by_name),
        ("place", by_place),
        ("place, name chosen", by_choice),
        ("place, initials", by_short),
        ("door, number first", by_door),
        ("door, initials", by_short_door),
        ("place, beginnings", by_two),
        ("door, beginnings", by_two_door),
    ):
        p50, p90 = np.percentile(counts, [50, 90])
        print(f"  {title:<20} median {p50:5.1f}  p90 {p90:5.1f} keystrokes")
    p50, p95, p99 = np.percentile(run.times, [50, 95, 99])
    print(f"  {len(run.times):,} questions  p50 {p50:.2f}  p95 {p95:.2f}  p99 {p99:.2f} ms")


if __name__ == "__main__":
    main()
