"""New places whose names have syllables that nobody writes: `Đấ`, `Nhâ`, `Bàt`.

A name that was cut off, mistyped or read in the wrong font would become a place of its own. So its
row is asked about, until somebody confirms the name by making a record with it by hand.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from geo.syllables import is_misspelled
from registry.intake.staged.staging import Staging


@dataclass(frozen=True, slots=True)
class _Part:
    """How one kind of places is written in rows and kept in the register."""

    part: str
    field: str
    names: str
    """In SQL, where names stand in the rows of the file: number, key, kind and name."""
    known: str
    """In SQL, whether the commune of the row `e` has the place `u`."""


_PLACE_KNOWN: Final = """
    SELECT FROM {table} r WHERE r.unit_id = e.unit_id AND r.own_key = u.key
    UNION ALL
    SELECT FROM {table}_alias a WHERE a.unit_id = e.unit_id AND a.key = u.key
"""
_PARTS: Final = (
    _Part(
        part="street",
        field="street",
        names="SELECT at, street_key, street_kind, street_name FROM street",
        known=_PLACE_KNOWN.format(table="thoroughfare"),
    ),
    _Part(
        part="place",
        field="locality",
        names="SELECT at, n.* FROM place, unnest(place_keys, place_kinds, place_names) n",
        known=_PLACE_KNOWN.format(table="locality"),
    ),
    _Part(
        part="flat",
        field="building",
        names="SELECT at, building_key, '', building_name FROM flat WHERE building_key IS NOT NULL",
        known="SELECT FROM household h WHERE h.unit_id = e.unit_id AND h.building_key = u.key",
    ),
)
# Names without any mark are written so.
_MARKED: Final = """
    SELECT DISTINCT kind, name FROM ({names}) n (at, key, kind, name)
    WHERE octet_length(name) > length(name)
"""
_UNWRITTEN: Final = """
    SELECT at, key, name FROM ({names}) n (at, key, kind, name)
    WHERE concat_ws(' ', kind, name) = ANY (CAST(:names AS text[]))
"""
# A row that its reference knows already says nothing new, and is not asked about.
_ASKED: Final = """
    SELECT DISTINCT ON (e.row_number) e.row_number, u.name
    FROM entry e JOIN unwritten_{part} u ON u.at = e.{part}_at
    WHERE NOT e.rejected AND NOT EXISTS ({known}) AND NOT EXISTS (
        SELECT FROM household_ref r
        WHERE r.source = :source AND r.source_ref = e.source_ref AND r.row_hash = e.row_hash)
    ORDER BY e.row_number, u.name
"""
_ASK: Final = (
    """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value)
    SELECT :import_id, row_number, '{field}', 'name_misspelled', 'error', name
    FROM asked_{part}
    """,
    """
    UPDATE entry e SET rejected = true FROM asked_{part} a WHERE a.row_number = e.row_number
    """,
)


def ask_about_unwritten(staging: Staging, source: str) -> None:
    """Reject the rows that would make a place with such a name.

    Needs what `judge` and `tell_apart` leave, and the lock under which imports are published.
    """
    connection = staging.connection
    for part in _PARTS:
        named = connection.execute(text(_MARKED.format(names=part.names)))
        called = (f"{kind} {name}" for kind, name in named)
        unwritten = list(filter(is_misspelled, called))
        if not unwritten:
            continue
        names: dict[str, object] = {"names": unwritten}
        staging.select(f"unwritten_{part.part}", _UNWRITTEN.format(names=part.names), names)
        asked = _ASKED.format(part=part.part, known=part.known)
        staging.select(f"asked_{part.part}", asked, {"source": source})
        for statement in _ASK:
            ask = text(statement.format(part=part.part, field=part.field))
            connection.execute(ask, {"import_id": staging.import_id})
