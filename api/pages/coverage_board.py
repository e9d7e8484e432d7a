"""The board of coverage: country, province, commune, and its localities."""

import io
import threading
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, Final

from flask import Response, request
from markupsafe import Markup
from sqlalchemy.orm import Session

from api.core.conditional import conditional
from api.core.context import gazetteer, register
from api.core.endpoint import public_page
from api.pages.blueprint import page_blueprint
from api.pages.shell import language, page, pair, percent_words, secured
from registry.core.database import session_scope
from registry.core.errors import NotFoundError
from registry.core.labels import growth
from registry.core.messages import Message, _
from registry.coverage.count_cache import count_for_readers
from registry.coverage.figures import (
    AUDIT_LABELS,
    COUNTRY,
    LACKS_ACCURACY,
    QUALITY_LABELS,
    Coverage,
    UnitCoverage,
    UnitTarget,
    best_first,
    late_label,
    use_line,
)
from registry.coverage.gap_files import write_form_csv
from registry.coverage.gaps import KINDS, Gaps, find_gaps
from registry.coverage.localities import coverage_by_parts
from registry.coverage.series import NO_FORECAST, Series, series_of
from registry.coverage.table import write_csv
from registry.ops.overview import boundaries_state, is_demonstration
from registry.units import unit_by_code
from registry.units.announced import announced
from registry.units.gazetteer import Gazetteer, today

blueprint = page_blueprint("coverage_board", "/coverage")

_MAPPED: Final = ("country", "province")
_WORST: Final = 5
_ORDERS: Final = ("share", "deficit", "name")
_GAPS_SHOWN: Final = 8
_drawing = threading.Lock()


@blueprint.get("")
@public_page("coverage")
def get_country() -> Response:
    """All provinces."""
    with session_scope(register().read_engine) as session:
        return _board(session, _found(session, COUNTRY[0]))


@blueprint.get("/<code>")
@public_page("coverage")
def get_unit(code: str) -> Response:
    """The communes of a province, localities of a commune, or successors of a former unit."""
    with session_scope(register().read_engine) as session:
        return _board(session, _found(session, code))


@blueprint.get("/<code>/map")
@public_page("coverage")
def get_map(code: str) -> Response:
    """The map of the country (`VN`) or a province in the colours of its board, as an SVG.

    A separate request, so that the numbers of the board need not wait for it.
    """
    with session_scope(register().read_engine) as session:
        found = _found(session, code)
        if found.total.level not in _MAPPED:
            raise NotFoundError(Message("map_unavailable", code=code))
        response = Response(_map(session, found), content_type="image/svg+xml; charset=utf-8")
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Accept-Encoding")
    response.add_etag()
    return secured(conditional(response))


def _found(session: Session, code: str) -> Coverage:
    """Return the coverage of a unit or of the country (`VN`) by parts."""
    known, demo = gazetteer(), is_demonstration(register().reads)
    count_for_readers(register().engine)
    return coverage_by_parts(session, known, code, demo=demo)


def _board(session: Session, found: Coverage) -> Response:
    code, level = found.total.code, found.total.level
    if request.args.get("as") == "csv":
        return _csv("do-phu", code, found, partial(write_csv, found))
    if request.args.get("as") == "gaps" and level in ("province", "commune"):
        form = partial(write_form_csv, _gaps(session, found))
        return _csv("con-thieu", code, found, form)
    # The daily records contain no demonstration codes.
    total = found.total
    series = None if found.demo else series_of(session, gazetteer(), total.code, counted_now=total)
    asked = request.args.get("order")
    order = asked if asked in _ORDERS else _ORDERS[0]
    # For a province, gaps are searched only for the download: all its streets are scanned.
    gaps = _gaps(session, found) if level == "commune" else None
    return page(
        "coverage.html",
        found=found,
        total=total,
        no_accuracy=LACKS_ACCURACY,
        use_line=use_line,
        late_label=late_label,
        units=_sorted(found, order),
        order=order,
        missing=_missing(found),
        has_map=level in _MAPPED,
        legend=_legend(),
        coming=_coming(found.total.code),
        series=series,
        trend=None if series is None else _trend(series),
        no_forecast=None
        if series is None or series.no_forecast is None
        else _(NO_FORECAST[series.no_forecast]),
        level=level,
        gaps=gaps,
        gaps_shown=_GAPS_SHOWN,
        kinds={kind: _(label) for kind, label in KINDS.items()},
        percent=percent_words,
        rate=_rate,
        quality=_quality,
        audit={code: _(label) for code, label in AUDIT_LABELS.items()},
    )


def _coming(code: str) -> list[str]:
    """Return the announced changes of a unit, one line each."""
    known = gazetteer()
    for unit in known.with_code(code):
        if unit.alive_on(today()):
            return [pair(one.message, one.message_en) for one in announced(known, unit)]
    return []


def _rate(per_day: float) -> str:
    return f"{per_day:+,.1f}" if language() == "en" else growth(per_day)


def _quality(target: UnitTarget) -> str:
    return _(QUALITY_LABELS[target.quality])


def _sorted(found: Coverage, order: str) -> list[UnitCoverage]:
    units = list(found.units)
    if order == "name":
        return units
    if order == "deficit":
        return sorted(units, key=lambda unit: -(unit.deficit or 0))
    return best_first(units)


def _missing(found: Coverage) -> list[UnitCoverage]:
    """Return the units with the most missing households."""
    lacking = [unit for unit in found.units if unit.deficit and unit.deficit > 0]
    return sorted(lacking, key=lambda unit: -(unit.deficit or 0))[:_WORST]


def _gaps(session: Session, found: Coverage) -> Gaps:
    return find_gaps(session, gazetteer(), found.total.code, demo=found.demo, public=True)


def _csv(name: str, code: str, found: Coverage, write: Callable[[io.StringIO], None]) -> Response:
    out = io.StringIO(newline="")
    out.write("\ufeff")  # spreadsheets recognise UTF-8 only by this mark
    write(out)
    response = Response(out.getvalue(), content_type="text/csv; charset=utf-8")
    # Counts that are not current show their moment in the file name, since no column has it.
    late = found.counted_at
    when = found.day.isoformat() if late is None else f"{late:%Y-%m-%d-%Hh%M}"
    named = f"{name}-{code}-{when}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{named}"'
    return secured(response)


def _map(session: Session, found: Coverage) -> str:
    # Imported here, so that a server without a board does not load shapely.
    from registry.coverage.choropleth import Figure, draw_choropleth

    figures = {unit.code: Figure(unit.share, estimate=unit.is_estimate) for unit in found.units}
    province = found.total.code if found.total.level == "province" else None
    with _drawing:  # two at once would repeat the work
        state = boundaries_state(register().reads)
        shapes = _shapes(gazetteer(), session, found.day.isoformat(), state, province)
    return draw_choropleth(
        shapes, figures, title=found.total.name, link=lambda code: f"/coverage/{code}"
    )


def _trend(series: Series) -> Markup:
    from registry.coverage.trend import draw_trend

    drawn = draw_trend(series.days, title=series.name, now=series.now, today=_("today"))
    return Markup(drawn)  # noqa: S704 - it escapes all texts


_kept: dict[str | None, tuple[Any, Any]] = {}


def _shapes(known: Gazetteer, session: Session, day: str, state: str, province: str | None) -> Any:
    """Return the shapes of the country or a province, cached until units or boundaries change."""
    from registry.coverage.shapes import country_drawing, province_drawing

    key = (id(known), day, state)
    kept = _kept.get(province)
    if kept is None or kept[0] != key:
        made = (
            country_drawing(session, known, today())
            if province is None
            else province_drawing(session, known, unit_by_code(known, province, today()), today())
        )
        kept = _kept[province] = (key, made)
    return kept[1]


@lru_cache(maxsize=1)
def _legend() -> Markup:
    from registry.coverage.choropleth import draw_legend

    return Markup(draw_legend())  # noqa: S704 - ours
