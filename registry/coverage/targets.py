"""Targets: how many households a unit says it has, the denominator of coverage.

A file says it, of any format that an import reads: a unit by code or name, and a number. The
newest declared count wins (`registry.coverage.measure`); older ones and estimates are kept.
"""

import datetime
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.text import fold
from registry.days import parse_day
from registry.errors import InvalidInputError
from registry.gazetteer import Gazetteer, Unit, today
from registry.intake.formats.any_file import read_file
from registry.intake.formats.table import LOOKED_AT, unreadable
from registry.units import continuations
from registry.units.text import read_units

QUALITIES: Final = ("declared", "census", "estimate")
# Field → headers that mean it, folded.
_FIELDS: Final = {
    "code": (
        *("code", "unit", "unit code", "ma", "ma don vi", "ma dvhc", "ma xa", "ma phuong"),
        *("ma tinh", "commune code", "province code", "ma xa phuong"),
    ),
    "commune": (
        "commune",
        "xa",
        "phuong",
        "xa phuong",
        "phuong xa",
        "ten xa",
        "ten don vi",
        "ten",
        "don vi",
        "don vi hanh chinh",
        "dia phuong",
    ),
    "province": ("province", "tinh", "tinh thanh pho", "tinh thanh", "thanh pho", "ten tinh"),
    "households": (
        *("households", "households count", "so ho", "tong so ho", "ho", "so ho dan", "tong ho"),
        "so ho gia dinh",
    ),
    "quality": ("quality", "chat luong", "loai so lieu"),
    "source": ("source", "nguon", "nguon so lieu"),
    "reference_date": (
        *("reference date", "date", "ngay", "ngay so lieu", "thoi diem", "ngay thong ke"),
    ),
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
_PROVINCE_WORDS: Final = ("tinh ", "thanh pho ", "tp ")
# Real communes have 300 households on the smallest island with people, 60,000 in the largest ward.
_FEW, _MANY = 100, 200_000

PROBLEMS: Final = {
    "unit_missing": "Dòng không ghi đơn vị (no unit)",
    "unit_unknown": "Không có đơn vị này trên bản đồ hiện nay (no such unit today)",
    "unit_ambiguous": "Tên chỉ nhiều đơn vị, hãy ghi mã (several units)",
    "unit_ended": "Đơn vị đã kết thúc; nay thuộc đơn vị khác (the unit has ended)",
    "households_unreadable": "Số hộ không phải số nguyên không âm (no count)",
    "quality_unknown": "Loại số liệu: kê khai, tổng điều tra hoặc ước tính (no such quality)",
    "date_unreadable": "Ngày số liệu không đọc được (no date)",
    "date_in_future": "Ngày số liệu chưa tới (in the future)",
    "unit_repeated": "Đơn vị đã có ở dòng trước (an earlier row names it)",
    "households_implausible": "Số hộ ít hoặc nhiều khác thường, hãy kiểm tra (implausible)",
}
"""Code → what is wrong with a row, in words; the last is a warning."""
_WARNING: Final = "households_implausible"


@dataclass(frozen=True, slots=True)
class Defaults:
    """What is said of all rows that do not say it themselves."""

    quality: str = "declared"
    source: str | None = None
    reference_date: datetime.date | None = None


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


@dataclass(frozen=True, slots=True)
class ProvinceGap:
    """A province whose own number is not the sum of its communes'."""

    code: str
    name: str
    households: int
    sum_of_communes: int


@dataclass(frozen=True, slots=True)
class TargetResult:
    """What became of a file: rows = new + changed + unchanged + rejected."""

    rows: int
    new: int
    changed: int
    unchanged: int
    rejected: int
    problems: tuple[TargetProblem, ...]
    gaps: tuple[ProvinceGap, ...]
    """Provinces of the file, where all their communes have targets."""
    quality_unused: bool
    """Whether the file's column of that name holds none of our qualities, and was not read."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Target:
    unit_id: int
    households: int
    quality: str
    source: str
    reference_date: datetime.date


def import_targets(
    session: Session, gazetteer: Gazetteer, path: Path, defaults: Defaults, sheet: str | None = None
) -> TargetResult:
    """Read the file's targets into the session, which whoever calls commits or rolls back.

    A row that is wrong is rejected and told; the others stand. Raises UnreadableFileError for a
    file that cannot be read or lacks the columns, InvalidInputError for wrong `defaults`.
    """
    day = today()
    _check(defaults, day)
    targets: dict[int, _Target] = {}
    problems: list[TargetProblem] = []
    rejected = 0
    rows = list(_rows(path, sheet))
    stated = {fold(cells["quality"]) for cells in rows} - {""}
    quality_unused = bool(stated) and not stated & _QUALITY_WORDS.keys()
    for count, cells in enumerate(rows, start=1):
        if quality_unused:
            cells["quality"] = ""
        read = _read(gazetteer, day, cells, defaults, path)
        if isinstance(read, _Target) and read.unit_id in targets:
            read = ("unit_repeated", cells["code"] or cells["commune"])
        if isinstance(read, tuple):
            problems.append(TargetProblem(count, *read))
            rejected += 1
            continue
        targets[read.unit_id] = read
        commune = gazetteer.units[read.unit_id].level == "commune"
        if commune and not _FEW <= read.households <= _MANY:
            problems.append(TargetProblem(count, _WARNING, str(read.households)))
    new, changed = _write(session, list(targets.values()))
    return TargetResult(
        rows=len(rows),
        new=new,
        changed=changed,
        unchanged=len(targets) - new - changed,
        rejected=rejected,
        problems=tuple(problems),
        gaps=tuple(_gaps(session, gazetteer, day, targets)),
        quality_unused=quality_unused,
    )


def _check(defaults: Defaults, day: datetime.date) -> None:
    if defaults.quality not in QUALITIES:
        raise InvalidInputError.of_field("quality", "literal_error", f"one of {QUALITIES}")
    if defaults.reference_date is not None and defaults.reference_date > day:
        raise InvalidInputError.of_field(
            "date", "day_in_future", f"{defaults.reference_date} has not come"
        )


def _rows(path: Path, sheet: str | None) -> Iterator[dict[str, str]]:
    """The cells of each row by field, '' for none."""
    table = read_file(path, sheet)
    with table.rows() as rows:
        headers: Sequence[str] = table.headers
        first = list(islice(rows, LOOKED_AT))
        positions = _positions(headers)
        # A header that an import does not know may stand among what it takes for rows.
        for at, row in enumerate(first):
            if not {"households"} <= positions.keys():
                positions = _positions(row)
                if "households" in positions:
                    first = first[at + 1 :]
                    break
        if "households" not in positions or not {"code", "commune"} & positions.keys():
            raise unreadable(
                path,
                "cần cột mã đơn vị (code) hoặc tên xã (commune), và cột số hộ (households);"
                f" dòng đầu đang có: {', '.join(headers[:12])}",
            )
        for row in (*first, *rows):
            cells = {
                field: row[at].strip() if at is not None and at < len(row) else ""
                for field, at in ((name, positions.get(name)) for name in _FIELDS)
            }
            if any(cells.values()):
                yield cells


def _positions(headers: Sequence[str]) -> dict[str, int]:
    folded = [fold(header) for header in headers]
    return {
        field: folded.index(name)
        for field, names in _FIELDS.items()
        for name in [next((name for name in names if name in folded), None)]
        if name is not None
    }


def _read(
    gazetteer: Gazetteer,
    day: datetime.date,
    cells: dict[str, str],
    defaults: Defaults,
    path: Path,
) -> _Target | tuple[str, str]:
    """The target of a row, or what is wrong with it and the value."""
    unit = _unit(gazetteer, day, cells)
    if not isinstance(unit, Unit):
        return unit
    if not _NUMBER.fullmatch(_HO.sub("", cells["households"])):
        return "households_unreadable", cells["households"]
    quality = defaults.quality
    if cells["quality"]:
        quality = _QUALITY_WORDS.get(fold(cells["quality"]), "")
        if not quality:
            return "quality_unknown", cells["quality"]
    date = defaults.reference_date or day
    if cells["reference_date"]:
        stated = _date(cells["reference_date"])
        if stated is None:
            return "date_unreadable", cells["reference_date"]
        date = stated
    if date > day:
        return "date_in_future", cells["reference_date"]
    return _Target(
        unit.id,
        int(re.sub(r"\D", "", cells["households"])),
        quality,
        cells["source"] or defaults.source or path.name,
        date,
    )


def _unit(
    gazetteer: Gazetteer, day: datetime.date, cells: dict[str, str]
) -> Unit | tuple[str, str]:
    if cells["code"]:
        code = cells["code"].split(".")[0]
        # Spreadsheets take the zeros away.
        padded = code.zfill(5) if len(code) > 2 else code.zfill(2)
        bearers = gazetteer.with_code(padded)
        for unit in bearers:
            if unit.alive_on(day):
                return unit
        if bearers:
            return "unit_ended", _successors(gazetteer, bearers[-1], day)
        return "unit_unknown", cells["code"]
    if not cells["commune"] and not cells["province"]:
        return "unit_missing", ""
    # `Tỉnh Phú Thọ` in the column of names is the province, and never the ward of that name.
    if not cells["commune"] or fold(cells["commune"]).startswith(_PROVINCE_WORDS):
        return _named(gazetteer, day, cells["commune"] or cells["province"], level="province")
    words = ", ".join(filter(None, (cells["commune"], cells["province"])))
    return _named(gazetteer, day, words, level="commune")


def _named(
    gazetteer: Gazetteer, day: datetime.date, words: str, *, level: str
) -> Unit | tuple[str, str]:
    """The unit of today that the words name, all of them."""
    namings = [naming for naming in read_units(gazetteer, words) if not naming.unread]
    innermost = [unit for naming in namings if (unit := naming.innermost) is not None]
    # A name alone may be a province's as well as a ward's, and then it is the province's.
    named = [unit for unit in innermost if unit.level == level] or innermost
    if level == "province":
        named = [unit for unit in named if unit.level == "province"]
    living = {unit.id: unit for unit in named if unit.alive_on(day)}
    if len(living) == 1:
        return next(iter(living.values()))
    if living:
        return "unit_ambiguous", words
    if named:
        return "unit_ended", _successors(gazetteer, named[0], day)
    return "unit_unknown", words


def _successors(gazetteer: Gazetteer, unit: Unit, day: datetime.date) -> str:
    names = [
        f"{each.unit.code} {each.unit.version_on(day).full_name}"
        for each in continuations(gazetteer, unit, day)
    ]
    return f"{unit.code} → {'; '.join(names)}"


def _date(written: str) -> datetime.date | None:
    try:
        return parse_day(written)
    except ValueError:
        return None


_WRITE: Final = text(
    """
    WITH given AS (
        SELECT * FROM unnest(CAST(:units AS int[]), CAST(:households AS int[]),
            CAST(:qualities AS text[]), CAST(:sources AS text[]), CAST(:dates AS date[]))
            AS g (unit_id, households, quality, source, reference_date)
    ), written AS (
        INSERT INTO target AS t (unit_id, households, quality, source, reference_date)
        SELECT * FROM given
        ON CONFLICT (unit_id, locality_id, quality, source, reference_date, counted) DO UPDATE
            SET households = excluded.households, recorded_at = clock_timestamp()
            WHERE t.households <> excluded.households
        RETURNING (xmax = 0) AS is_new
    )
    SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
    """
)
_NEWEST: Final = text(
    """
    SELECT DISTINCT ON (unit_id) unit_id, households FROM target
    WHERE unit_id = ANY (CAST(:units AS int[])) AND locality_id IS NULL
    ORDER BY unit_id, quality = 'declared' DESC, quality = 'census' DESC, reference_date DESC,
        recorded_at DESC
    """
)


def _write(session: Session, targets: Sequence[_Target]) -> tuple[int, int]:
    written = session.execute(
        _WRITE,
        {
            "units": [each.unit_id for each in targets],
            "households": [each.households for each in targets],
            "qualities": [each.quality for each in targets],
            "sources": [each.source for each in targets],
            "dates": [each.reference_date for each in targets],
        },
    ).one()
    return int(written[0]), int(written[1])


def _gaps(
    session: Session, gazetteer: Gazetteer, day: datetime.date, targets: dict[int, _Target]
) -> Iterator[ProvinceGap]:
    """Provinces that the file touches, whose communes all have targets with another sum."""
    touched: dict[int, list[int]] = defaultdict(list)
    for unit_id in targets:
        unit = gazetteer.units[unit_id]
        province = unit if unit.level == "province" else gazetteer.province_of(unit, day)
        if province is not None and province.id not in touched:
            touched[province.id] = [member.id for member in gazetteer.members(province, day)]
    asked = [*touched, *(member for members in touched.values() for member in members)]
    rows = session.execute(_NEWEST, {"units": asked})
    known: dict[int, int] = {row.unit_id: row.households for row in rows}
    for province_id, members in touched.items():
        own = known.get(province_id)
        if own is None or not all(member in known for member in members):
            continue
        total = sum(known[member] for member in members)
        if total != own:
            unit = gazetteer.units[province_id]
            yield ProvinceGap(unit.code, unit.version_on(day).full_name, own, total)
