"""Writes an outcome as one flat row of a table."""

import csv
import datetime
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from geo.code import format as code_display
from registry.core.errors import MistypedCodeError
from registry.core.schemes import POSTCODE
from registry.publish.batch import OPERATIONS, RECHECK, Outcome
from registry.publish.batch.recheck import CHANGED, Rechecked
from registry.records.postal import foreign_lines, postal_lines
from registry.records.record import DatedLabel, Record, Wording, record_wording
from registry.search.answers import Answer, answer_wording
from registry.search.faults import FAULTS, POINT_ESTIMATED
from registry.search.judge.verdicts import REASONS, Validation
from registry.units.gazetteer import Gazetteer, Unit

Cell = str | int | float | None
RESULT_COLUMNS: Final = tuple(
    csv.DictReader(
        Path(__file__).with_name("result_columns.csv").read_text(encoding="utf-8").splitlines()
    )
)
"""Column, the operations whose answers have it (`*`: all), and its meaning."""
FLAT_COLUMNS: Final = {
    operation: tuple(
        row["column"]
        for row in RESULT_COLUMNS
        if not {"*", operation}.isdisjoint(row["operations"].split())
    )
    for operation in (*OPERATIONS, RECHECK)
}
"""Operation → columns, in stable order."""
DAY_COLUMNS: Final = (
    *("label_on", "door_on", "commune_on", "commune_on_code", "district_on", "district_on_code"),
    *("province_on", "province_on_code", "known_by_on", "communes_on"),
)
"""Columns of the label of a day: its line, its parts, and the possible communes if several."""
_AT_DAY: Final = "_on"
_ID_OF: Final = "_id_"
"""Separator of level and scheme in a column name."""
_POSTAL: Final = ("postal_label", "postal_label_ascii")
_POSTAL_ON: Final = ("postal_label_on", "postal_label_on_ascii")


def flat_columns(operation: str, on: datetime.date | None) -> tuple[str, ...]:
    """Return the columns of `operation`, with those of the label of a day if `on` is given."""
    return FLAT_COLUMNS[operation] + (DAY_COLUMNS if on is not None else ())


def extra_columns(
    gazetteer: Gazetteer,
    on: datetime.date | None,
    *,
    ids: bool | str,
    postal: bool,
) -> tuple[str, ...]:
    """Return the extra columns: ids of all schemes or of one, and the lines of a postal label."""
    schemes = [pair for pair in gazetteer.schemes if ids in (True, pair[0])]
    columns = [f"{level}{_ID_OF}{scheme}" for scheme, level in schemes if level != "district"]
    if on is not None:
        columns += [f"{level}{_AT_DAY}{_ID_OF}{scheme}" for scheme, level in schemes]
    if postal:
        columns += _POSTAL if on is None else _POSTAL + _POSTAL_ON
    return tuple(columns)


def flat(
    gazetteer: Gazetteer,
    day: datetime.date,
    operation: str,
    outcome: Outcome,
    extras: Sequence[str] = (),
) -> dict[str, Cell]:
    """Return the cells of an outcome by column; of several answers the first.

    `detail` explains its faults in Vietnamese.
    """
    words = None
    on = outcome.asked.on if outcome.asked is not None else None
    cells: dict[str, Cell] = dict.fromkeys(flat_columns(operation, on))
    cells["status"] = outcome.status
    if outcome.error is not None:
        cells["detail"] = outcome.error.detail
        if isinstance(outcome.error, MistypedCodeError):
            near = outcome.error.extra["suggestions"]
            cells |= _suggestions(one["code_display"] for one in near)  # type: ignore[attr-defined]
    elif isinstance(outcome.found, Record):
        record = outcome.found
        words = record_wording(gazetteer, day, record, on)
        cells |= _place(day, words, record.code, record.lon, record.lat)
    elif isinstance(outcome.found, Validation):
        words = outcome.found.words
        cells |= _validation(day, outcome.found)
    elif outcome.found:
        first = outcome.found[0]
        words = answer_wording(gazetteer, day, first, on)
        cells |= _answer(day, operation, first, words)
    elif outcome.meant is not None:
        cells["detail"] = REASONS[outcome.meant.reason][0]
        cells |= _suggestions(map(code_display, outcome.meant.suggestions))
    return cells | _extras(gazetteer, (day, on), extras, cells, words) if extras else cells


def _extras(
    gazetteer: Gazetteer,
    days: tuple[datetime.date, datetime.date | None],
    columns: Sequence[str],
    cells: Mapping[str, Cell],
    words: Wording | None,
) -> dict[str, Cell]:
    today, on = days
    then = words.on if words else None
    extras: dict[str, Cell] = {
        **_postal(_POSTAL, words, today),
        **_postal(_POSTAL_ON, then, then.day if then else today),
    }
    for column in columns:
        level, id_of, scheme = column.partition(_ID_OF)
        if id_of:
            day = on if on is not None and level.endswith(_AT_DAY) else today
            units = gazetteer.with_code(str(cells.get(f"{level}_code") or ""))
            unit = next((unit for unit in units if unit.alive_on(day)), None)
            extras[column] = unit.identifier(scheme, day) if unit else None
    return {column: extras[column] for column in columns}


def _postal(
    columns: tuple[str, str], words: Wording | DatedLabel | None, day: datetime.date
) -> dict[str, Cell]:
    lines = postal_lines(words, day) if words else ()
    foreign = foreign_lines(lines) if lines else ()
    return {
        column: " | ".join(each) or None
        for column, each in zip(columns, (lines, foreign), strict=True)
    }


def flat_change(day: datetime.date, found: Rechecked) -> dict[str, Cell]:
    """Return the cells of a row that changed; with several successors, list all of them."""
    cells: dict[str, Cell] = dict.fromkeys(FLAT_COLUMNS[RECHECK])
    if len(found.candidates) == 1:
        (only,) = found.candidates
        cells |= _place(day, only.words, only.code, only.lon, only.lat)
    else:
        doors = (f"{code_display(each.code)} {each.label}" for each in found.candidates)
        cells["candidates"] = " | ".join(doors) or None
    reasons = " ".join(found.reasons)
    return cells | {"status": CHANGED, "reasons": reasons, "row": found.row.number}


def _suggestions(codes: Iterable[str]) -> dict[str, Cell]:
    """Registered codes that a mistyped one may stand for."""
    return {"suggestions": " | ".join(codes) or None}


def _answer(day: datetime.date, operation: str, answer: Answer, words: Wording) -> dict[str, Cell]:
    sure = {"confidence": answer.confidence}
    far = {"distance_m": answer.distance_m}
    return {
        "level": answer.level,
        **(far if operation == "reverse" else sure),
        **_faults(answer.faults, answer.accuracy_m),
        **_place(day, words, answer.record.code if answer.record else None, answer.lon, answer.lat),
    }


def _faults(faults: Iterable[str], accuracy_m: float | None) -> dict[str, Cell]:
    texts = "; ".join(_fault_text(fault, accuracy_m) for fault in faults)
    return {"faults": " ".join(faults) or None, "detail": texts or None}


def _fault_text(fault: str, accuracy_m: float | None) -> str:
    """Return the message of a fault; for an estimated point with its accuracy."""
    text = FAULTS[fault].message
    return f"{text} (± {accuracy_m:.0f} m)" if fault == POINT_ESTIMATED and accuracy_m else text


def _place(
    day: datetime.date, words: Wording, code: str | None, lon: float | None, lat: float | None
) -> dict[str, Cell]:
    return {
        "code": code_display(code) if code else None,
        "label": words.label,
        "label_before_2025_07": words.before_2025_07,
        **_units(day, words.commune, words.province),
        "lon": lon,
        "lat": lat,
        **_label_on(words.on),
    }


def _label_on(dated: DatedLabel | None) -> dict[str, Cell]:
    if dated is None:
        return {}
    units = (dated.units[0] if dated.label is not None else None, dated.district, dated.province)
    names = ((u.version_on(dated.day).full_name, u.code) if u else (None, None) for u in units)
    parts = (part for named in names for part in named)
    possible = dated.units if dated.label is None else ()
    communes = " | ".join(f"{u.code} {u.version_on(dated.day).full_name}" for u in possible)
    return dict(
        zip(
            DAY_COLUMNS,
            (dated.label, ", ".join(dated.door) or None, *parts, dated.known_by, communes or None),
            strict=True,
        )
    )


def _validation(day: datetime.date, found: Validation) -> dict[str, Cell]:
    asked = found.question
    choices = [choice.label for choice in asked.choices] if asked else []
    return {
        "verdict": found.verdict,
        "next_action": found.next_action,
        "level": found.level,
        **_faults(found.faults, found.accuracy_m),
        "code": code_display(found.code) if found.code else None,
        "label": found.address,
        "label_before_2025_07": found.before_2025_07,
        **_units(day, found.commune, found.province),
        "lon": found.lon,
        "lat": found.lat,
        "question": asked.text if asked else None,
        "choices": " | ".join(choices) or None,
        **_suggestions(map(code_display, found.suggestions)),
        **_label_on(found.on),
    }


def _units(day: datetime.date, commune: Unit | None, province: Unit | None) -> dict[str, Cell]:
    return {
        "commune_code": commune.code if commune else None,
        "commune": commune.version_on(day).full_name if commune else None,
        "province_code": province.code if province else None,
        "province": province.version_on(day).full_name if province else None,
        "postcode": commune.identifier(POSTCODE, day) if commune else None,
    }
