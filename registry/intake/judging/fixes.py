"""Propose fixes for problems.

Only rows with problems are read, which are few. What is stored of a row is a code, a number or the
name of a unit, never an address.
"""

import datetime
import json
import re
from typing import Final

from geo.mangled_number import originals
from registry.files.spellings.communes import padded_code
from registry.intake.engine import Workbench
from registry.units.gazetteer import Gazetteer, Unit

_LONGEST: Final = 200
"""Most characters of a stored value."""
_SHOWN: Final = 6
"""Most candidates that are named; the rest is counted."""

Fix = tuple[str | None, str | None]
"""The value that a problem is about, and the proposed fix."""
_CODE: Final = re.compile(r"[0-9.]{1,10}")


def propose_fixes(bench: Workbench, gazetteer: Gazetteer, day: datetime.date) -> None:
    """Fill `value` and `proposed_fix` of the problems that the rules found."""
    if bench.has("outside"):
        outside = "SELECT row_number, lon, lat FROM outside"
        bench.hand("outside_point", "row_number bigint, lon float8, lat float8", outside)
    bench.bring("holder", "judging/holders.pg.sql")
    bench.run("judging/asked.sql")

    def candidates(about: str) -> Fix:
        units = [gazetteer.units[each] for each in json.loads(about)]
        shown = [_named(gazetteer, unit, day) for unit in units[:_SHOWN]]
        more = [f"… (+{len(units) - _SHOWN})"] if len(units) > _SHOWN else []
        return f"{len(units)} nơi", "; ".join([*shown, *more])

    def bearers(code: str) -> Fix:
        if not _CODE.fullmatch(code):
            return code[:_LONGEST], None
        units = [u for u in gazetteer.with_code(padded_code(code)) if u.level == "commune"]
        return code, "; ".join(_named(gazetteer, unit, day) for unit in units) or None

    def mangled(number: str) -> Fix:
        return number, " hoặc ".join(originals(number)) or None

    def holder(about: str) -> Fix:
        unit = gazetteer.units[int(about)]
        living = unit.level == "commune" and unit.alive_on(day)
        return None, _named(gazetteer, unit, day) if living else None

    answers = {"candidates": candidates, "code": bearers, "number": mangled, "holder": holder}
    asked = bench.rows("SELECT DISTINCT kind, about FROM asked")
    fixes = [(kind, about, *answers[kind](about)) for kind, about in asked]
    bench.table("fix", "kind VARCHAR, about VARCHAR, value VARCHAR, fix VARCHAR", fixes)
    bench.run("judging/answered.sql")


def _named(gazetteer: Gazetteer, unit: Unit, day: datetime.date) -> str:
    """`00004 Phường Ba Đình, Hà Nội`; with the date of its end for a former unit."""
    version = unit.version_on(day)
    province = gazetteer.units.get(version.province_id or 0)
    place = f", {province.version_on(day).name}" if province else ""
    ended = "" if unit.alive_on(day) or unit.ended is None else f" (đến {unit.ended:%d/%m/%Y})"
    return f"{unit.code} {version.full_name}{place}{ended}"
