"""What would be right: the fix that a problem proposes, and the value that it is about.

Rows with problems are few beside those without, so this looks at them alone, after `judge`. What is
stored of a row is a code, a number or a unit's name, and never an address.
"""

import datetime
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from geo.mangled_number import originals
from registry.gazetteer import Gazetteer, Unit
from registry.intake.judging.points import HOLDERS
from registry.intake.spellings.communes import padded_code

_LONGEST: Final = 200
"""Characters of a value that are kept."""
_SHOWN: Final = 6
"""Candidates that are named; the rest is counted."""

_COORDINATES: Final = """
    UPDATE import_problem p
    SET proposed_fix = replace(j.latitude, ',', '.') || ' ' || replace(j.longitude, ',', '.'),
        value = j.longitude || ' ' || j.latitude
    FROM judged j
    WHERE p.import_id = :id AND p.code = 'coordinates_swapped' AND j.row_number = p.row_number
"""
_HOUSEHOLDS_COUNT: Final = """
    UPDATE import_problem p SET proposed_fix = j.households::text
    FROM judged j
    WHERE p.import_id = :id AND p.code = 'households_count_read' AND j.row_number = p.row_number
"""
_ABOUT_CODES: Final = (
    "commune_code_unknown",
    "commune_code_of_two_maps",
    "commune_code_maybe_old",
    "commune_differs_from_code",
)
_CODE: Final = re.compile(r"[0-9.]{1,10}")
# Asked first, because most imports have no such row, and the view of all rows is dear.
_ANY: Final = """
    SELECT EXISTS (
        SELECT FROM import_problem WHERE import_id = :id AND code = ANY (CAST(:codes AS text[])))
"""
_ABOUT: Final = """
    SELECT DISTINCT j.{column}, j.{column}::text
    FROM import_problem p JOIN judged j USING (row_number)
    WHERE p.import_id = :id AND p.code = ANY (CAST(:codes AS text[])) AND j.{column} IS NOT NULL
"""
_FILL: Final = """
    UPDATE import_problem p SET value = k.value, proposed_fix = k.fix
    FROM judged j
    JOIN unnest(CAST(:about AS text[]), CAST(:values AS text[]), CAST(:fixes AS text[]))
        k (about, value, fix) ON k.about = j.{column}::text
    WHERE p.import_id = :id AND p.code = ANY (CAST(:codes AS text[]))
        AND p.row_number = j.row_number
"""
_PADDED: Final = """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value, proposed_fix)
    SELECT :id, row_number, 'commune_code', 'commune_code_padded', 'notice', commune_code,
        lpad(split_part(commune_code, '.', 1), 5, '0')
    FROM judged
    WHERE NOT rejected AND commune_code !~ '^[0-9]{5}$'
"""
_HOLDERS: Final = f"""
    UPDATE import_problem p SET proposed_fix = n.name
    FROM ({HOLDERS}) h JOIN unnest(CAST(:units AS int[]), CAST(:names AS text[])) n (unit_id, name)
        ON n.unit_id = h.unit_id
    WHERE p.import_id = :id AND p.row_number = h.row_number
        AND p.code IN ('outside_commune', 'far_from_commune')
"""
# The row that had the reference before, by its number.
_EARLIER: Final = """
    UPDATE import_problem p SET proposed_fix = f.first::text
    FROM (
        SELECT row_number, first FROM (
            SELECT e.row_number, r.row_number IS NOT NULL AS again,
                min(e.row_number) OVER (PARTITION BY e.source_ref) AS first
            FROM entry e LEFT JOIN repeated r ON r.row_number = e.row_number
            WHERE e.source_ref IS NOT NULL
        ) e WHERE again
    ) f
    WHERE p.import_id = :id AND p.code = 'duplicate_ref' AND p.row_number = f.row_number
"""


def propose_fixes(
    connection: Connection,
    import_id: int,
    gazetteer: Gazetteer,
    day: datetime.date,
    *,
    padded: bool,
) -> None:
    """Fill `value` and `proposed_fix` of the import's problems, and say which codes were `padded`.

    Needs what `stage` and `judge` leave.
    """
    parameters = {"id": import_id}
    connection.execute(text(_COORDINATES), parameters)
    if padded:
        connection.execute(text(_PADDED), parameters)

    def candidates(ids: list[int]) -> tuple[str, str | None]:
        units = [gazetteer.units[each] for each in ids]
        shown = [_named(gazetteer, unit, day) for unit in units[:_SHOWN]]
        more = [f"… (+{len(units) - _SHOWN})"] if len(units) > _SHOWN else []
        return f"{len(units)} nơi", "; ".join([*shown, *more])

    def bearers(code: str) -> tuple[str, str | None]:
        if not _CODE.fullmatch(code):
            return code[:_LONGEST], None
        units = [u for u in gazetteer.with_code(padded_code(code)) if u.level == "commune"]
        return code, "; ".join(_named(gazetteer, unit, day) for unit in units) or None

    def mangled(number: str) -> tuple[str, str | None]:
        return number, " hoặc ".join(originals(number)) or None

    if connection.execute(text("SELECT EXISTS (SELECT FROM repeated)")).scalar_one():
        connection.execute(text(_EARLIER), parameters)
    if connection.execute(text("SELECT EXISTS (SELECT FROM outside)")).scalar_one():
        living = [u for u in gazetteer.units.values() if u.level == "commune" and u.alive_on(day)]
        names = [_named(gazetteer, unit, day) for unit in living]
        holders = {"units": [unit.id for unit in living], "names": names}
        connection.execute(text(_HOLDERS), parameters | holders)
    assumed = ("commune_ambiguous", "commune_assumed", "commune_corrected", "province_differs")
    counted = {"id": import_id, "codes": ["households_count_read"]}
    if connection.execute(text(_ANY), counted).scalar_one():
        connection.execute(text(_HOUSEHOLDS_COUNT), parameters)
    _each(connection, assumed, "candidates", import_id, candidates)
    _each(connection, _ABOUT_CODES, "commune_code", import_id, bearers)
    _each(connection, ("number_mangled",), "number", import_id, mangled)


def _each(
    connection: Connection,
    codes: Sequence[str],
    column: str,
    import_id: int,
    answer: Callable[[Any], tuple[str, str | None]],
) -> None:
    """Fill the problems of `codes` by what `answer` says of a column of their rows."""
    parameters = {"id": import_id, "codes": list(codes)}
    if not connection.execute(text(_ANY), parameters).scalar_one():
        return
    found = connection.execute(text(_ABOUT.format(column=column)), parameters).all()
    values, fixes = zip(*(answer(about) for about, _ in found), strict=True) if found else ((), ())
    filled = {
        "about": [written for _, written in found],
        "values": list(values),
        "fixes": list(fixes),
    }
    connection.execute(text(_FILL.format(column=column)), parameters | filled)


def _named(gazetteer: Gazetteer, unit: Unit, day: datetime.date) -> str:
    """`00004 Phường Ba Đình, Hà Nội`; for a former one with the year it ended."""
    version = unit.version_on(day)
    province = gazetteer.units.get(version.province_id or 0)
    place = f", {province.version_on(day).name}" if province else ""
    ended = "" if unit.alive_on(day) or unit.ended is None else f" (đến {unit.ended:%d/%m/%Y})"
    return f"{unit.code} {version.full_name}{place}{ended}"
