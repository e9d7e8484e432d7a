"""Rows whose street or locality is written under a name with other marks: Hòn Chông, Hòn Chồng.

Both have one key and are one place to the register, where its operations ask for the right name.
A delivery is not stopped for it: each such row is a warning that tells the name it goes under. It
is asked of the distinct names of the rows that are written, which are few.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from geo.label import named
from geo.spelling import Spelling, spelling
from geo.text import has_diacritics
from registry.intake.staging import Staging

# Names that are written otherwise than another one of their place, in the file or the register.
_UNLIKE: Final = """
    SELECT unit_id, former_id, at, keys, kind, name, known_kind, known_name
    FROM (
        SELECT n.*, min(name) OVER place AS least, max(name) OVER place AS most FROM ({names}) n
        WINDOW place AS (PARTITION BY unit_id, former_id, keys)
    ) named
    WHERE least <> most OR name <> known_name
    ORDER BY first_row
"""
_STREETS: Final = """
    SELECT n.unit_id, n.former_id, n.street_at AS at, n.first_row, s.street_key AS keys,
        s.street_kind AS kind, s.street_name AS name, t.kind AS known_kind, t.name AS known_name
    FROM named_street n
    JOIN street s ON s.at = n.street_at
    LEFT JOIN thoroughfare t ON t.unit_id = n.unit_id AND t.key = s.street_key
        AND t.former_unit_id IS NOT DISTINCT FROM n.former_id
"""
_LOCALITIES: Final = """
    SELECT n.unit_id, n.former_id, n.place_at AS at, n.first_row, p.place_keys[i.at:]::text AS keys,
        p.place_kinds[i.at] AS kind, p.place_names[i.at] AS name,
        l.kind AS known_kind, l.name AS known_name
    FROM named_place n
    JOIN place p ON p.at = n.place_at
    CROSS JOIN LATERAL generate_subscripts(p.place_keys, 1) i (at)
    LEFT JOIN (locality l LEFT JOIN locality o ON o.id = l.parent_id)
        ON l.unit_id = n.unit_id AND l.key = p.place_keys[i.at]
        AND l.former_unit_id IS NOT DISTINCT FROM n.former_id
        AND o.key IS NOT DISTINCT FROM p.place_keys[i.at + 1]
"""
_WARN: Final = """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value, proposed_fix)
    SELECT :import_id, d.row_number, '{field}', '{field}_spelled_otherwise', 'warning', r.value,
        r.fix
    FROM respelled_{part} r
    JOIN written d ON d.{part}_at = r.at AND d.unit_id = r.unit_id
        AND d.former_id IS NOT DISTINCT FROM r.former_id
"""
_PARTS: Final = (("street", "street", _STREETS), ("place", "locality", _LOCALITIES))


@dataclass(frozen=True, slots=True)
class _Name:
    """A name of a row, and that of the register where the place is there already."""

    unit_id: int
    former_id: int | None
    at: int
    """Number of the part, as rows name it."""
    keys: str
    kind: str
    name: str
    known_kind: str | None
    known_name: str | None


def find_respelled(staging: Staging) -> None:
    """Warn of each row that is written under a name with other marks; needs `name_places`."""
    connection = staging.connection
    for part, field, names in _PARTS:
        rows: Any = connection.execute(text(_UNLIKE.format(names=names)))
        found = {each[:3]: each for each in _respelled(_Name(*row) for row in rows)}
        if found:
            columns = "unit_id int, former_id int, at int, value text, fix text"
            staging.create(f"respelled_{part}", columns)
            staging.copy(f"respelled_{part}", found.values())
            warn = text(_WARN.format(part=part, field=field))
            connection.execute(warn, {"import_id": staging.import_id})


def _respelled(
    names: Iterable[_Name],
) -> Iterator[tuple[int, int | None, int, str, str]]:
    """Where, the name, and the one that it is written under; names in the order of the file."""
    places: dict[tuple[object, ...], list[_Name]] = defaultdict(list)
    for name in names:
        places[name.unit_id, name.former_id, name.keys].append(name)
    for called in places.values():
        first = called[0]
        kind, meant = first.known_kind or first.kind, first.known_name or first.name
        # A name without marks leads all that have some to one place, unless they differ.
        marked = next((n for n in (meant, *(c.name for c in called)) if has_diacritics(n)), meant)
        for each in called:
            if spelling(each.name, marked) is Spelling.OTHERWISE:
                shown = named(each.kind, each.name)
                yield each.unit_id, each.former_id, each.at, shown, named(kind, meant)
