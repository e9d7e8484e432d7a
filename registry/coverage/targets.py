"""Targets: how many households a unit says it has, the denominator of coverage.

A file says it, of any format that an import reads: a unit by code or name, perhaps a locality of a
commune, a number, and what it counts. The newest declared count wins
(`registry.coverage.measure`); older ones and estimates are kept.
"""

import datetime
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.text import fold
from registry.coverage.measure import BEST_TARGET
from registry.coverage.target_rows import target_rows
from registry.coverage.target_units import TargetUnits
from registry.days import parse_day
from registry.errors import InvalidInputError, NotFoundError
from registry.gazetteer import Gazetteer, Unit, today
from registry.lifecycle.places import locality_of, name_locality, read_localities

QUALITIES: Final = ("declared", "census", "estimate")
COUNTED: Final = ("households", "residents", "dwellings")
_COUNTED_WORDS: Final = dict(zip(COUNTED, COUNTED, strict=True)) | {
    "ho": "households",
    "ho gia dinh": "households",
    "ho dan": "households",
    "ho thuong tru": "residents",
    "thuong tru": "residents",
    "cho o": "dwellings",
    "can ho": "dwellings",
    "nha o": "dwellings",
    "nha": "dwellings",
}
_QUALITY_WORDS: Final = dict(zip(QUALITIES, QUALITIES, strict=True)) | {
    "ke khai": "declared",
    "khai bao": "declared",
    "tong dieu tra": "census",
    "dieu tra": "census",
    "uoc tinh": "estimate",
}
_HO: Final = re.compile(r"\s*hộ\s*$", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d{1,9}|\d{1,3}(?:[., ]\d{3})+")
_SAYS_ESTIMATE: Final = re.compile(r"\b(estimate[ds]?|uoc tinh|du bao)\b")
_NONE_KNOWN: Final = ("missing", "thieu", "khong co", "khong co so lieu")
_DOUBTED: Final = re.compile(r"(suspect|nghi|can kiem tra)\b.*")
# Real communes have 300 households on the smallest island with people, 60,000 in the largest ward.
_FEW, _MANY = 100, 200_000
_MOST: Final = {"province": 20_000_000, "commune": 1_000_000}
"""More than that no unit holds: the country has 28 million households. A locality: `_MANY`."""

PROBLEMS: Final = {
    "unit_missing": "Dòng không ghi đơn vị (no unit)",
    "unit_unknown": "Không có đơn vị này trên bản đồ hiện nay (no such unit today)",
    "unit_ambiguous": "Tên chỉ nhiều đơn vị, hãy ghi mã (several units)",
    "commune_differs_from_code": "Tên không phải của đơn vị có mã ấy (name and code differ)",
    "unit_ended": "Đơn vị đã kết thúc; nay thuộc đơn vị khác (the unit has ended)",
    "households_unreadable": "Số hộ không phải số nguyên không âm (no count)",
    "locality_unreadable": "Không phải thôn, ấp, tổ dân phố… có loại và tên (no locality)",
    "locality_unknown": "Chưa có thôn, tổ này trong xã; --new-localities thì được thêm (unknown)",
    "locality_ambiguous": "Nhiều thôn, tổ cùng tên, hãy ghi nơi bao quanh (several localities)",
    "locality_without_commune": "Thôn, tổ cần mã hoặc tên của xã (a locality needs its commune)",
    "counted_unknown": "Không rõ đếm gì: hộ, hộ thường trú hay chỗ ở (what is counted)",
    "quality_unknown": "Loại số liệu: kê khai, tổng điều tra hoặc ước tính (no such quality)",
    "date_unreadable": "Ngày số liệu không đọc được (no date)",
    "date_in_future": "Ngày số liệu chưa tới (in the future)",
    "unit_repeated": "Đơn vị đã có ở dòng trước, cùng nguồn, cùng ngày (an earlier row names it)",
    "households_absurd": "Số hộ nhiều hơn mức một đơn vị có thể có (more than any unit holds)",
    "households_implausible": "Số hộ ít hoặc nhiều khác thường, hãy kiểm tra (implausible)",
    "households_doubted": "Tệp ghi số này đáng ngờ, hãy kiểm tra (the file itself doubts it)",
    "households_missing": "Tệp ghi là chưa có số liệu (the file says that it has no number)",
    "row_skipped": "Dòng tổng cộng, ghi chú hoặc chữ ký (a total, a note or a signature)",
}
"""Code → what is wrong with a row, in words."""
_WARNINGS: Final = ("households_implausible", "households_doubted")
_SKIPPED: Final = ("households_missing", "row_skipped")
"""Rows that say nothing of a unit, which is no fault of theirs."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What is said of all rows that do not say it themselves."""

    quality: str | None = None
    """None: declared, where nothing in the row says otherwise."""
    source: str | None = None
    reference_date: datetime.date | None = None
    counted: str = "households"
    new_localities: bool = False
    """Whether localities that the register does not know are named, and not rejected."""


@dataclass(frozen=True, slots=True)
class TargetProblem:
    """What is wrong with a row."""

    row_number: int
    code: str
    value: str

    @property
    def words(self) -> str:
        """The problem in words."""
        return PROBLEMS[self.code]

    @property
    def severity(self) -> str:
        """`error`: rejected; `warning`: taken, look at it; `notice`: passed over."""
        if self.code in _SKIPPED:
            return "notice"
        return "warning" if self.code in _WARNINGS else "error"


@dataclass(frozen=True, slots=True)
class ProvinceGap:
    """A province whose own number is not the sum of its communes'."""

    code: str
    name: str
    households: int
    sum_of_communes: int


@dataclass(frozen=True, slots=True)
class TargetResult:
    """What became of a file: rows = new + changed + unchanged + rejected + skipped."""

    rows: int
    new: int
    changed: int
    unchanged: int
    rejected: int
    skipped: int
    """Totals, signatures, and rows that say that there is no number."""
    qualities: dict[str, int]
    """Quality → rows taken as such."""
    problems: tuple[TargetProblem, ...]
    gaps: tuple[ProvinceGap, ...]
    """Provinces of the file, where all their communes have targets."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        problems = [asdict(each) | {"severity": each.severity} for each in self.problems]
        return asdict(self) | {"problems": problems}


@dataclass(frozen=True, slots=True)
class _Target:
    unit_id: int
    households: int
    quality: str
    source: str
    reference_date: datetime.date
    counted: str
    locality_id: int | None = None


def import_targets(
    session: Session, gazetteer: Gazetteer, path: Path, defaults: Defaults, sheet: str | None = None
) -> TargetResult:
    """Read the file's targets into the session, which whoever calls commits or rolls back.

    A row that is wrong is rejected and told; the others stand. Raises UnreadableFileError for a
    file that cannot be read or lacks the columns, InvalidInputError for wrong `defaults`.
    """
    day = today()
    _check(defaults, day)
    targets: dict[tuple[object, ...], _Target] = {}
    problems: list[TargetProblem] = []
    rows = list(target_rows(path, sheet))
    units = TargetUnits.of(gazetteer, day, rows)
    for count, cells in enumerate(rows, start=1):
        read = _read(session, units, cells, defaults, path)
        if isinstance(read, _Target) and _key(read) in targets:
            read = ("unit_repeated", cells["locality"] or cells["code"] or cells["commune"])
        if isinstance(read, tuple):
            problems.append(TargetProblem(count, *read))
            continue
        targets[_key(read)] = read
        warnings = _doubts(gazetteer.units[read.unit_id].level, read, cells)
        problems += [TargetProblem(count, code, str(read.households)) for code in warnings]
    new, changed = _write(session, list(targets.values()))
    severities = Counter(problem.severity for problem in problems)
    return TargetResult(
        rows=len(rows),
        new=new,
        changed=changed,
        unchanged=len(targets) - new - changed,
        rejected=severities["error"],
        skipped=severities["notice"],
        qualities=dict(Counter(target.quality for target in targets.values())),
        problems=tuple(problems),
        gaps=tuple(_gaps(session, gazetteer, day, {each.unit_id for each in targets.values()})),
    )


def remove_targets(session: Session, source: str) -> int:
    """Withdraw all that a source said: its rows stay, and count no more. How many they were.

    What is imported again from it counts again. Raises NotFoundError when it has said nothing.
    """
    gone = session.execute(_WITHDRAW, {"source": source}).scalars().all()
    if not gone:
        raise NotFoundError(f"không có tổng số hộ nào của nguồn {source} (no targets of {source})")
    return len(gone)


def _key(target: _Target) -> tuple[object, ...]:
    """What the table holds one number of."""
    of = (target.unit_id, target.locality_id, target.counted)
    return (*of, target.quality, target.source, target.reference_date)


def _doubts(level: str, target: _Target, cells: Mapping[str, str]) -> Iterator[str]:
    """The warnings about a number that is taken."""
    if level == "commune" and target.locality_id is None and not _FEW <= target.households <= _MANY:
        yield "households_implausible"
    if _DOUBTED.match(fold(cells["quality"])):
        yield "households_doubted"


def _check(defaults: Defaults, day: datetime.date) -> None:
    if defaults.quality not in (None, *QUALITIES):
        raise InvalidInputError.of_field("quality", "literal_error", f"one of {QUALITIES}")
    if defaults.counted not in COUNTED:
        raise InvalidInputError.of_field("counted", "literal_error", f"one of {COUNTED}")
    if defaults.reference_date is not None and defaults.reference_date > day:
        raise InvalidInputError.of_field(
            "date", "day_in_future", f"{defaults.reference_date} has not come"
        )


def _read(
    session: Session,
    units: TargetUnits,
    cells: Mapping[str, str],
    defaults: Defaults,
    path: Path,
) -> _Target | tuple[str, str]:
    """The target of a row, or what is wrong with it and the value."""
    if cells["footer"]:
        return "row_skipped", cells["commune"] or cells["code"]
    if fold(cells["quality"]) in _NONE_KNOWN:
        return "households_missing", cells["code"] or cells["commune"]
    unit = units.find(cells)
    if not isinstance(unit, Unit):
        return unit
    if not _NUMBER.fullmatch(_HO.sub("", cells["households"])):
        return "households_unreadable", cells["households"]
    households = int(re.sub(r"\D", "", cells["households"]))
    if households > (_MANY if cells["locality"] else _MOST[unit.level]):
        return "households_absurd", cells["households"]
    quality = _quality(cells, defaults)
    if not quality:
        return "quality_unknown", cells["quality"]
    counted = _word(cells["counted"], _COUNTED_WORDS, defaults.counted)
    if not counted:
        return "counted_unknown", cells["counted"]
    date = _day_of(cells["reference_date"], defaults.reference_date or units.day, units.day)
    if not isinstance(date, datetime.date):
        return date, cells["reference_date"]
    # Last, because a row that is wrong otherwise names no place.
    locality = _locality(session, unit, cells["locality"], make=defaults.new_localities)
    if isinstance(locality, tuple):
        return locality
    source = cells["source"] or defaults.source or path.name
    return _Target(unit.id, households, quality, source, date, counted, locality)


def _quality(cells: Mapping[str, str], defaults: Defaults) -> str:
    """What the number is worth, '' where nobody can say: an estimate is never taken for declared.

    The column says it, else the source where it is called an estimate, else the deliverer. A word
    that we do not know is none of ours, and then the deliverer has to say it.
    """
    if known := _QUALITY_WORDS.get(fold(cells["quality"])):
        return known
    if _SAYS_ESTIMATE.search(fold(cells["source"] or defaults.source or "")):
        return "estimate"
    return defaults.quality or ("" if cells["quality"] else "declared")


def _word(written: str, words: Mapping[str, str], default: str) -> str:
    """What is meant: the default where nothing is written, '' for what is no such word."""
    return words.get(fold(written), "") if written else default


def _day_of(written: str, default: datetime.date, today: datetime.date) -> datetime.date | str:
    """The day, or the problem of it."""
    date = _date(written) if written else default
    if date is None:
        return "date_unreadable"
    return "date_in_future" if date > today else date


_LOCALITY_PROBLEMS: Final = {
    "unreadable": "locality_unreadable",
    "ambiguous_place": "locality_ambiguous",
    "former_name": "locality_unknown",
    "unknown_place": "locality_unknown",
    "unknown_locality": "locality_unknown",
}
"""Why the register knows no such place → our problem."""


def _locality(
    session: Session, unit: Unit, written: str, *, make: bool
) -> int | tuple[str, str] | None:
    """The id of the locality of a commune that is called so; named where that is wanted."""
    if not written:
        return None
    if unit.level != "commune":
        return "locality_without_commune", written
    try:
        return locality_of(session, unit.id, None, written).id
    except InvalidInputError as error:
        reason = cast(list[dict[str, str]], error.extra["errors"])[0]["code"]
        if make and reason in ("unknown_place", "unknown_locality"):
            return name_locality(session, unit.id, read_localities(written))
        return _LOCALITY_PROBLEMS[reason], written


def _date(written: str) -> datetime.date | None:
    try:
        return parse_day(written)
    except ValueError:
        return None


_WRITE: Final = text(
    """
    WITH given AS (
        SELECT * FROM unnest(CAST(:units AS int[]), CAST(:households AS int[]),
            CAST(:qualities AS text[]), CAST(:sources AS text[]), CAST(:dates AS date[]),
            CAST(:counted AS text[]), CAST(:localities AS bigint[]))
            AS g (unit_id, households, quality, source, reference_date, counted, locality_id)
    ), written AS (
        INSERT INTO target AS t (unit_id, households, quality, source, reference_date, counted,
            locality_id)
        SELECT * FROM given
        ON CONFLICT (unit_id, locality_id, quality, source, reference_date, counted) DO UPDATE
            SET households = excluded.households, recorded_at = clock_timestamp(),
                withdrawn_at = NULL
            WHERE t.households <> excluded.households OR t.withdrawn_at IS NOT NULL
        RETURNING (xmax = 0) AS is_new
    )
    SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
    """
)
_WITHDRAW: Final = text(
    """
    UPDATE target SET withdrawn_at = clock_timestamp()
    WHERE source = :source AND withdrawn_at IS NULL RETURNING id
    """
)
_NEWEST: Final = """
    SELECT DISTINCT ON (unit_id) unit_id, households, counted FROM target
    WHERE unit_id = ANY (CAST(:units AS int[])) AND locality_id IS NULL
        AND withdrawn_at IS NULL
    ORDER BY unit_id, {best_target}
"""


def _write(session: Session, targets: Sequence[_Target]) -> tuple[int, int]:
    written = session.execute(
        _WRITE,
        {
            "units": [each.unit_id for each in targets],
            "households": [each.households for each in targets],
            "qualities": [each.quality for each in targets],
            "sources": [each.source for each in targets],
            "dates": [each.reference_date for each in targets],
            "counted": [each.counted for each in targets],
            "localities": [each.locality_id for each in targets],
        },
    ).one()
    return int(written[0]), int(written[1])


def _gaps(
    session: Session, gazetteer: Gazetteer, day: datetime.date, unit_ids: Collection[int]
) -> Iterator[ProvinceGap]:
    """Provinces that the file touches, whose communes all have targets with another sum."""
    touched: dict[int, list[int]] = defaultdict(list)
    for unit_id in unit_ids:
        unit = gazetteer.units[unit_id]
        province = unit if unit.level == "province" else gazetteer.province_of(unit, day)
        if province is not None and province.id not in touched:
            touched[province.id] = [member.id for member in gazetteer.members(province, day)]
    asked = [*touched, *(member for members in touched.values() for member in members)]
    rows = session.execute(text(_NEWEST.format(best_target=BEST_TARGET)), {"units": asked})
    known: dict[int, tuple[int, str]] = {row.unit_id: (row.households, row.counted) for row in rows}
    for province_id, members in touched.items():
        own = known.get(province_id)
        # Numbers of hộ and of dwellings are not compared.
        if own is None or not all(known.get(m, (0, ""))[1] == own[1] for m in members):
            continue
        total = sum(known[member][0] for member in members)
        if total != own[0]:
            unit = gazetteer.units[province_id]
            yield ProvinceGap(unit.code, unit.version_on(day).full_name, own[0], total)
