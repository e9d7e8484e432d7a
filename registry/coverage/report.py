"""The report of a unit as one HTML file with maps, trend and ranking, for offline use and print.

It has no external resources and no scripts. Estimates are labelled wherever they appear; the maps
state that they are statistical drawings, and include the archipelagos.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from sqlalchemy.orm import Session

from registry.core.labels import growth, number, percent
from registry.core.messages import in_vietnamese
from registry.coverage.choropleth import Figure, draw_choropleth, draw_legend
from registry.coverage.figures import (
    AUDIT_LABELS,
    NO_ACCURACY,
    QUALITY_LABELS,
    Coverage,
    UnitCoverage,
    best_first,
    late_label,
    use_line,
)
from registry.coverage.localities import coverage_by_parts
from registry.coverage.measure import coverage_of_level, living_units
from registry.coverage.report_style import STYLE
from registry.coverage.series import NO_FORECAST, Series, series_of
from registry.coverage.shapes import Drawing, country_drawing, province_drawing
from registry.coverage.trend import draw_trend
from registry.units.gazetteer import Gazetteer, today

_SMALL_STEPS: Final = 150
"""Grid steps across a province that is one of 34 maps in the report of the country."""
_AUDITED: Final = 12
_NONE: Final = "–"


@dataclass(frozen=True, slots=True)
class _Part:
    """A unit with its parts and its map: the whole report, or a province in the country's."""

    total: UnitCoverage
    units: tuple[UnitCoverage, ...]
    drawing: Drawing | None


def html_report(
    session: Session, gazetteer: Gazetteer, code: str | None, *, demo: bool = False
) -> str:
    """Return the report of the country (None), a province with its communes, or a commune with its
    localities.

    In the country's report every province has a section. Raises the errors of `coverage_of_unit`.
    """
    day = today()
    sections: list[_Part] = []
    found = coverage_by_parts(session, gazetteer, code, demo=demo)
    total, drawing = found.total, None
    if total.level == "country":
        drawing = country_drawing(session, gazetteer, day)
        sections = list(_provinces(session, gazetteer, found, day))
    elif total.level == "province":
        (province, *_), _ = living_units(gazetteer, total.code, day)
        drawing = province_drawing(session, gazetteer, province, day)
    series = None if demo else series_of(session, gazetteer, total.code, counted_now=total)
    whole = _Part(total, found.units, drawing)
    return "".join(_document(found, whole, series, sections))


def _provinces(
    session: Session, gazetteer: Gazetteer, found: Coverage, day: datetime.date
) -> Iterator[_Part]:
    communes: dict[str, list[UnitCoverage]] = defaultdict(list)
    for unit in coverage_of_level(session, gazetteer, "commune", demo=found.demo).units:
        communes[unit.province[0] if unit.province else ""].append(unit)
    for total in found.units:
        (province, *_), _ = living_units(gazetteer, total.code, day)
        drawing = province_drawing(session, gazetteer, province, day, steps=_SMALL_STEPS)
        yield _Part(total, tuple(communes[total.code]), drawing)


def _document(
    found: Coverage, whole: _Part, series: Series | None, sections: Sequence[_Part]
) -> Iterator[str]:
    name = _name(found.total)
    yield (
        '<!doctype html><html lang="vi"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Độ phủ mã địa chỉ số: {escape(name)}, {found.day:%d/%m/%Y}</title>"
        f"<style>{STYLE}</style></head><body><header>"
        f"<p>Độ phủ mã địa chỉ số · {found.day:%d/%m/%Y}</p><h1>{escape(name)}</h1>"
    )
    yield from _remarks(found, whole)
    yield "</header><main>"
    yield _totals(found.total)
    yield from _map(whole, "ban-do", legend=True, links=bool(sections))
    yield from _trend(series)
    yield from _audited(whole.units)
    yield f"<h2>Xếp hạng {_parts(whole)}</h2>"
    yield from _ranking(whole.units, links=bool(sections))
    for at, section in enumerate(sections):
        yield f'<section id="t{section.total.code}"><h2>{escape(section.total.name)}</h2>'
        yield _totals(section.total)
        yield from _map(section, f"m{at}", legend=False, links=False)
        yield from _ranking(section.units, links=False)
        yield "</section>"
    yield (
        "</main><footer><p>Hộ có mã: hộ của các chỗ ở đang dùng. Giao được: một chỗ ở một địa chỉ,"
        " toạ độ 20 m trở lại, có số hoặc có thôn, tổ. Tỷ lệ cắt, không làm tròn lên.</p>"
        "<p>Mã địa chỉ số không phải mã định danh địa điểm của Nhà nước. Sổ ghi chỗ ở, không ghi"
        " người.</p></footer></body></html>\n"
    )


def _name(unit: UnitCoverage) -> str:
    if unit.level == "country":
        return "Cả nước"
    return f"{unit.name}, {unit.province[1]}" if unit.province else unit.name


def _parts(part: _Part) -> str:
    levels = {unit.level for unit in part.units}
    if levels == {"province"}:
        return "các tỉnh, thành phố"
    return "các thôn, tổ" if levels == {"locality"} else "các xã, phường, đặc khu"


def _remarks(found: Coverage, whole: _Part) -> Iterator[str]:
    if found.former:
        code, name = found.former
        yield f"<p class=warn>{escape(name)} ({code}) thuộc địa giới cũ;"
        yield " đây là các đơn vị thay thế.</p>"
    if found.counted_at:
        yield f"<p class=warn>{late_label(found.counted_at)}</p>"
    if found.demo:
        yield "<p class=warn>Có tính cả dữ liệu minh hoạ (mã bắt đầu bằng 0): "
        yield "không phải độ phủ thật.</p>"
    if found.total.without_accuracy:
        yield f"<p class=warn>{NO_ACCURACY}</p>"
    if any(unit.is_estimate for unit in (*whole.units, whole.total)):
        yield "<p class=warn>Số “ước tính” không phải số liệu địa phương công bố.</p>"


def _totals(unit: UnitCoverage) -> str:
    target, counts = unit.target, unit.counts
    counted = target.counted_label if target else "hộ"
    stated = (
        ("Tỷ lệ", percent(unit.share), _quality(unit)),
        ("Có mã", number(unit.covered), counted),
        ("Tổng số", number(target.households) if target else "chưa có", _quality(unit)),
        ("Còn thiếu", _NONE if unit.deficit is None else number(unit.deficit), counted),
        ("Giao được", percent(unit.share_deliverable), f"của {number(counts.dwellings)} chỗ ở"),
        ("Xác minh 24 tháng", percent(unit.share_verified), "của chỗ ở"),
    )
    cells = "".join(
        f"<div><dt>{label}</dt><dd>{escape(value)}<small>{escape(note)}</small></dd></div>"
        for label, value, note in stated
    )
    uses = "".join(f"<li>{escape(use_line(each))}</li>" for each in unit.uses)
    return f"<dl>{cells}</dl>" + (f"<ul>{uses}</ul>" if uses else "")


def _quality(unit: UnitCoverage) -> str:
    if unit.target is None:
        return "chưa có tổng số hộ"
    return f"{unit.target.quality_label}, {unit.target.reference_date:%d/%m/%Y}"


def _map(part: _Part, ident: str, *, legend: bool, links: bool) -> Iterator[str]:
    if part.drawing is None or not part.drawing.shapes:
        return
    figures = {unit.code: Figure(unit.share, estimate=unit.is_estimate) for unit in part.units}
    drawn = draw_choropleth(
        part.drawing,
        figures,
        title=f"Tỷ lệ hộ có mã: {_name(part.total)}",
        ident=ident,
        link=(lambda code: f"#t{code}") if links else None,
    )
    caption = f"<figcaption>{draw_legend()}</figcaption>" if legend else ""
    yield f"<figure class=map>{drawn}{caption}</figure>"


def _trend(series: Series | None) -> Iterator[str]:
    if series is None:
        return
    yield "<h2>Xu hướng</h2>"
    if drawn := draw_trend(series.days, title=series.name, now=series.now):
        yield f"<figure class=trend>{drawn}<figcaption>Mỗi cuối ngày; ngày không ghi để trống;"
        yield " chấm rỗng là số đếm hôm nay.</figcaption></figure>"
    paces = [pace for pace in series.paces.values() if pace is not None]
    for pace in paces:
        yield f"<p>Trong {pace.days} ngày qua: mỗi ngày {growth(pace.per_day)}.</p>"
    if series.forecast is not None:
        yield f"<p>Với tốc độ 28 ngày qua, đủ vào khoảng <b>{series.forecast:%d/%m/%Y}</b>.</p>"
    else:
        why = in_vietnamese(NO_FORECAST[series.no_forecast or "no_series"])
        yield f"<p>Chưa dự báo ngày hoàn thành: {why}.</p>"


def _audited(units: Iterable[UnitCoverage]) -> Iterator[str]:
    flagged = [unit for unit in units if unit.audit]
    if not flagged:
        return
    yield "<h2>Cần kiểm tra</h2><ul>"
    for unit in flagged[:_AUDITED]:
        why = ", ".join(in_vietnamese(AUDIT_LABELS[each]) for each in unit.audit)
        yield f"<li>{escape(unit.name)}: {why} ({escape(percent(unit.share))})</li>"
    if len(flagged) > _AUDITED:
        yield f"<li>… và {number(len(flagged) - _AUDITED)} đơn vị nữa, có dấu ⚑ trong bảng</li>"
    yield "</ul>"


def _ranking(units: Sequence[UnitCoverage], *, links: bool) -> Iterator[str]:
    """Rank units, best first; those without a target have no rank."""
    if not units:
        yield "<p>Chưa có thôn, tổ nào được đăng ký.</p>"
        return
    yield (
        "<div class=ranking><table><thead><tr><th>#<th>Đơn vị<th>Tỷ lệ<th class=n>Có mã"
        "<th class=n>Tổng số<th class=n>Còn thiếu<th class=n>Giao được</thead><tbody>"
    )
    for rank, unit in enumerate(best_first(units), start=1):
        name = escape(unit.name)
        if links:
            name = f'<a href="#t{unit.code}">{name}</a>'
        place = "" if unit.share is None else rank
        yield f"<tr><td>{place}<td>{name}{' ⚑' if unit.audit else ''}"
        yield f"<td>{_bar(unit)}<td class=n>{number(unit.covered)}<td class=n>"
        if unit.target is None:
            yield f"{_NONE}<td class=n>{_NONE}"
        else:
            label = (
                "" if unit.target.quality == "declared" else f" <i>{unit.target.quality_label}</i>"
            )
            yield f"{number(unit.target.households)}{label}<td class=n>{number(unit.deficit or 0)}"
        yield f"<td class=n>{escape(percent(unit.share_deliverable))}"
    yield "</tbody></table></div>"


def _bar(unit: UnitCoverage) -> str:
    if unit.share is None:
        return "<i>chưa có tổng số</i>"
    bar = f"<b style=width:{min(unit.share, 1) * 60:.0f}px></b>"
    # Repeated here: a phone has no room for the column of targets.
    label = f" <i>{in_vietnamese(QUALITY_LABELS['estimate'])}</i>" if unit.is_estimate else ""
    return f"{bar}{escape(percent(unit.share))}{label}"
