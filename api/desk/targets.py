"""Targets at the desk: declare numbers of households, compare them with records, report."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from flask import request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import caller
from api.core.audit import note
from api.core.context import gazetteer, register
from api.core.endpoint import signed_in_page
from api.desk.blueprint import desk_blueprint, desk_page, done, room, show_errors_on
from api.desk.table_files import MAX_CARRIED, dry_run_page, problem_rows, sent_table
from api.pages.shell import percent_words
from geo.text import fold
from registry.core.database import session_scope
from registry.core.days import parse_day
from registry.core.errors import InvalidInputError, RegistryError
from registry.core.messages import N_, Message, _
from registry.coverage.count_cache import count_for_readers
from registry.coverage.figures import (
    COUNTED_LABELS,
    COUNTRY,
    QUALITY_LABELS,
    Coverage,
    UnitCoverage,
    UnitTarget,
    best_first,
    strangely_declared,
    use_line,
)
from registry.coverage.localities import coverage_by_parts
from registry.coverage.measure import coverage_of_level, sum_of_units
from registry.coverage.target_reading import COUNTED, QUALITIES, Defaults
from registry.coverage.target_rows import TABLE, target_cells, target_rows
from registry.coverage.target_store import (
    SUM_SOURCE,
    communes_left,
    may_declare,
    sum_of_communes,
    targets_of,
    use_sum,
    withdraw_target,
)
from registry.coverage.targets import PROBLEMS, TargetResult, import_targets, take_targets
from registry.ops.overview import is_demonstration
from registry.units import unit_by_code
from registry.units.gazetteer import Unit, today

blueprint = desk_blueprint("targets", "/desk/targets")
room("/desk/targets", N_("Targets and reports"), "viewer")

_SHOWN: Final = 400
_MAX_FILE: Final = MAX_CARRIED
_SMALLER: Final = Message("keep_unit_and_count_columns")
_ORDERS: Final = {
    "name": N_("by code"),
    "share": N_("by share"),
    "deficit": N_("by households missing"),
}
_KINDS: Final = {
    "declared": N_("declared"),
    "undeclared": N_("not declared"),
    "below": N_("below 80 %"),
    "over": N_("above 100 %"),
}
"""Filters of the list."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The requested units: parts of one, filtered by name or kind, or selected ones."""

    code: str
    level: str
    """`commune` for all communes of the country, otherwise empty."""
    text: str
    kind: str
    order: str
    picked: tuple[str, ...]

    @classmethod
    def of_request(cls) -> "Asked":
        """Read the query of the page."""
        args = request.args
        own = caller().units
        return cls(
            args.get("unit") or (own[0] if own else COUNTRY[0]),
            "commune" if args.get("level") == "commune" else "",
            args.get("q", "").strip(),
            args.get("kind", "") if args.get("kind") in _KINDS else "",
            args.get("order", "") if args.get("order") in _ORDERS else "name",
            tuple(dict.fromkeys(args.getlist("pick"))),
        )

    def units_of(self, found: Coverage) -> Coverage:
        """Return the requested units of a coverage; selected units get a total of their own."""
        wanted = fold(self.text)
        units = [u for u in found.units if wanted in fold(f"{u.name} {u.code}") and self._fits(u)]
        if self.picked:
            units = [unit for unit in units if unit.code in self.picked]
        if self.order != "name":
            deficit = sorted(units, key=lambda unit: -(unit.deficit or 0))
            units = best_first(units) if self.order == "share" else deficit
        chosen = (found.total.code, _("The chosen units"))
        total = sum_of_units(units, chosen) if self.picked and units else found.total
        return replace(found, units=tuple(units), total=total)

    def _fits(self, unit: UnitCoverage) -> bool:
        target, share = unit.target, unit.share
        match self.kind:
            case "declared":
                return not (target is None or target.is_estimate)
            case "undeclared":
                return target is None or target.is_estimate
            case "below":
                return share is not None and share < 0.8
            case "over":
                return share is not None and share > 1
        return True


def coverage_asked(session: Session, asked: Asked, *, recorded: bool = False) -> Coverage:
    """Return the coverage of the requested units; with `recorded`, without demonstration codes."""
    known, demo = gazetteer(), not recorded and is_demonstration(register().reads)
    count_for_readers(register().engine)
    if asked.level and asked.code == COUNTRY[0]:
        return coverage_of_level(session, known, asked.level, demo=demo)
    return coverage_by_parts(session, known, asked.code, demo=demo)


@blueprint.get("")
@signed_in_page("viewer")
def get_targets(error: RegistryError | None = None, **values: Any) -> BaseResponse:
    """The numbers of a unit and its parts, with search, filters and forms."""
    asked = Asked.of_request()
    if unit_code := request.form.get("unit"):
        asked = replace(asked, code=unit_code)
    known, day = gazetteer(), today()
    with session_scope(register().read_engine) as session:
        found = coverage_asked(session, asked)
        unit = None if found.total.level in ("country", "former") else _unit(found.total.code)
        shown = asked.units_of(found)
        is_province = unit is not None and unit.level == "province"
        return desk_page(
            "desk/targets.html",
            error=error,
            **{"typed": {}, "doubts": (), **values},
            asked=asked,
            found=shown,
            whole=found.total,
            count=len(shown.units),
            units=shown.units[:_SHOWN],
            kept=targets_of(session, unit.id) if unit else [],
            declares=unit is not None and may_declare(known, unit, day),
            sum_source=SUM_SOURCE,
            sum=sum_of_communes(session, known, unit) if unit and is_province else None,
            left=communes_left(session, known, unit) if unit and is_province else [],
            declares_file=caller().may("approver"),
            kinds={kind: _(words) for kind, words in _KINDS.items()},
            orders={order: _(words) for order, words in _ORDERS.items()},
            qualities=QUALITIES,
            counted=COUNTED,
            use_line=use_line,
            most_kb=_MAX_FILE // 1_000,
            sees=caller().sees,
            names={code: _unit(code).version_on(day).full_name for code in caller().units or ()},
            unit=unit,
            today=day,
            percent=percent_words,
            quality=_quality,
            counted_words=_counted,
        )


@blueprint.post("")
@signed_in_page("approver")
def post_target() -> BaseResponse:
    """Declare the number of a unit or hamlet."""
    form = request.form
    cells = target_cells(
        code=form.get("unit", ""),
        households=form.get("households", "").strip(),
        locality=form.get("locality", "").strip(),
        **_attributes(),
    )
    demo = is_demonstration(register().reads)
    with session_scope(register().engine) as session:
        before = coverage_by_parts(session, gazetteer(), cells["code"], demo=demo)
        result = take_targets(session, gazetteer(), [cells], Defaults(source=caller().name))
        after = coverage_by_parts(session, gazetteer(), cells["code"], demo=demo)
        faults = [each for each in result.problems if each.severity != "warning"]
        doubts = [_fault(each.code, each.value) for each in result.problems]
        doubts += map(_strange, strangely_declared(before, after))
        asks_back = bool(doubts) and form.get("sure") != cells["households"]
        if faults or asks_back:
            session.rollback()
    if faults:
        wrong = _fault(faults[0].code, faults[0].value)
        return get_targets(status=422, wrong=wrong, typed=form)
    if asks_back:
        return get_targets(doubts=doubts, typed=form)
    note(count=result.new + result.changed, units=[form["unit"]])
    return done(_page_of(form["unit"]), _("Recorded."))


@blueprint.post("/sum")
@signed_in_page("approver")
def post_sum() -> BaseResponse:
    """Use the sum of the communes as a province's number."""
    code = request.form.get("unit", "")
    with session_scope(register().engine) as session:
        use_sum(session, gazetteer(), code)
    note(count=1, units=[code])
    return done(_page_of(code), _("The sum of the communes counts now."))


@blueprint.post("/<int:number>/withdraw")
@signed_in_page("approver")
def post_withdraw(number: int) -> BaseResponse:
    """Withdraw a number."""
    code = request.form.get("unit", "")
    with session_scope(register().engine) as session:
        withdraw_target(session, gazetteer(), number)
    note(count=1, units=[code])
    return done(_page_of(code), _("It counts no more."))


@blueprint.post("/file")
@signed_in_page("approver")
@show_errors_on(get_targets)
def post_file() -> BaseResponse:
    """Do a dry run of a file of targets, and write it after the user's confirmation."""
    unit, attributes = request.form.get("unit", ""), _attributes()
    sent = sent_table(
        *(TABLE, _MAX_FILE, _SMALLER),
        lambda path, sheet: _load(path, sheet, attributes).problems,
    )
    with sent.opened() as path:
        read = list(target_rows(path, sent.sheet))
        result = _load(path, sent.sheet, attributes, write=sent.write)
    if sent.write:
        note(count=result.new + result.changed)
        return done(
            _page_of(unit),
            _(
                "{new} new, {changed} changed, {rejected} rejected.",
                new=result.new,
                changed=result.changed,
                rejected=result.rejected,
            ),
        )
    problems = problem_rows(
        TABLE,
        read,
        result.problems,
        lambda each: _fault(each.code, each.value),
    )
    return dry_run_page(
        *("desk/targets_file.html", sent, problems, {**attributes, "unit": unit}),
        result=result,
        back=f"/desk/targets?unit={unit}",
        quality=_quality,
    )


def _load(
    path: Path, sheet: str | None, attributes: Mapping[str, str], *, write: bool = False
) -> TargetResult:
    defaults = _defaults(attributes, path.name)
    with session_scope(register().engine) as session:
        result = import_targets(session, gazetteer(), path, defaults, sheet)
        if not write:
            session.rollback()
    return result


def _unit(code: str) -> Unit:
    return unit_by_code(gazetteer(), code, today())


def _quality(target: UnitTarget | str) -> str:
    """Return the quality of a number in words."""
    quality = target if isinstance(target, str) else target.quality
    return _(QUALITY_LABELS[quality])


def _counted(counted: str) -> str:
    """Return what a number counts, in words."""
    return _(COUNTED_LABELS[counted])


def _page_of(code: str) -> str:
    return f"/desk/targets?unit={code}" if code.isdigit() else "/desk/targets"


def _attributes() -> dict[str, str]:
    """Return the attributes of the form's number, or of all numbers of its file."""
    form = request.form
    return {
        "quality": form.get("quality", ""),
        "counted": form.get("counted", ""),
        "source": form.get("source", "").strip()[:200],
        "reference_date": form.get("reference_date", "").strip(),
    }


def _fault(code: str, value: str) -> str:
    return f"{PROBLEMS[code]}: {value}." if value else f"{PROBLEMS[code]}."


def _strange(unit: UnitCoverage) -> str:
    """Return a warning about a unit's coverage with a declared number."""
    households = unit.target.households if unit.target else 0
    words = _(
        "{unit}: {covered:n} on record, {households:n} declared",
        unit=unit.name,
        covered=unit.covered,
        households=households,
    )
    share = f" ({percent_words(unit.share)})" if unit.share is not None else ""
    return f"{words}{share}."


def _defaults(attributes: Mapping[str, str], name: str) -> Defaults:
    try:
        date = parse_day(attributes["reference_date"]) if attributes["reference_date"] else None
    except ValueError as error:
        raise InvalidInputError(Message("target_day_unreadable")) from error
    return Defaults(
        attributes["quality"] or None,
        attributes["source"] or name,
        date,
        attributes["counted"] or "households",
    )
