"""Every printed label resolves to its door, with and without diacritics."""

import csv
import datetime
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import batched
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy import text as sql

from registry.core.batching import alone, together
from registry.core.database import make_engine, session_scope
from registry.core.reads import Reads
from registry.core.sql import SHARED
from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from registry.lifecycle.run import perform
from registry.lifecycle.table import BY_NAME
from registry.ops.demo.load import COLUMNS as DEMO_COLUMNS
from registry.ops.demo.load import plan_demo
from registry.records.past import with_past
from registry.records.record import COLUMNS, JOINS, Record, record_wording
from registry.search.find.doors import MAX_UNNUMBERED
from registry.search.geocode import Question
from registry.search.judge.labels_apart import Labelled, labels_apart
from registry.search.judge.verdicts import Validation
from registry.search.validate import validating
from registry.units.gazetteer import Gazetteer, today
from registry.units.gazetteer_loading import load_gazetteer
from tests.support import reform
from tests.support.thorough import examples

pytestmark = pytest.mark.thorough

_RECORDS = (
    f"SELECT {COLUMNS} FROM household h {JOINS} WHERE {SHARED.driver('open')} ORDER BY h.code"
)
_TOGETHER = 500
_HOUSEHOLDS = examples(300, 1_000)
_ODD_COLUMNS = ("house_number", "street", "locality", "building", "floor", "unit")
_PLACES = (("00199", 105.806, 21.021), ("26743", 106.700, 10.775), ("20285", 108.248, 15.998))
"""Communes of three traditions: ngõ, hẻm and kiệt."""
_NEIGHBOUR = ("00229", 105.836, 21.012)
"""A commune of the first one's province, with the same doors."""
_APART = ("00190", 105.826, 21.021)
"""A commune for odd names of buildings and estates alone."""
_FORMERS = {"00229": "00229"}
"""Commune → its former one, where a file tells it: Kim Liên of before July 2025."""
Decision = Callable[[Engine], None]
ODD_DOORS = """
    120-122|Đường Nguyễn Huệ|
    67-63|Đường Nguyễn Huệ|
    12-3|Đường Nguyễn Huệ|
    12Bis|Đường Nguyễn Huệ|
    15A-17|Đường Nguyễn Huệ|
    08|Đường Nguyễn Huệ|
    12Đ|Đường Lê Lợi|
    12D|Đường Lê Lợi|
    K12/1|Đường Lê Lợi|
    Số 5A, ngách 34, ngõ 12|Đường Lê Lợi|
    Lô 5-12|Đường Lê Lợi|
    lô A12|Đường Lê Lợi|
    45 + 47|Đường Lê Lợi|
    Km 8+500|Quốc lộ 1A|
    Km8|Quốc lộ 1A|
    BT5-12|Đường Trần Phú|
    NV3-7|Đường Trần Phú|
    B3-15|Đường Trần Phú|
    BT 7-12|Đường Trần Phú|
    LK12-05|Đường Trần Phú|
    S3.03|Đường Trần Phú|
    A-12|Đường Trần Phú|
    H15|Đường Trần Phú|
    P12|Đường Trần Phú|
    311-H1|Đường Trần Phú|
    18/2/3A|Đường D5|
    12|Đường 30/4|
    3/4|Đường 3/2|
    12|Đường số 7|
    7|Phố 8|
    12|Đường 12|
    5|Đường 5A|
    12|Đường Cách Mạng Tháng 8|
    12|Đường K22|
    14 Bis|Đường Ngô Quyền|
    9|Đường Pasteur|
    9|Đường Ấp Bắc|
    9|Phố Chợ|
    9|Đường Tổ 5|
    9|Hẻm Chùa|
    9|Ngõ Huyện|
    9|Đường tỉnh 743B|
    9|Đại lộ Bình Dương|
    9|Đường Thôn Đông|
    BT5-12||Khu đô thị Xa La
    NV3-7||Khu đô thị Xa La
    B3-15||Khu dân cư Him Lam
    L2-12||Khu đô thị Vinhomes Central Park
    15|Đường Phạm Hùng|Khu đô thị Mỹ Đình
    15||Thôn Cổ Điển
    15||Xóm 4, Thôn Cổ Điển
    15||Tổ 3, Khu phố 9
    15||Tổ dân phố 12
    15||Ấp 2
    15||Bản Nà Lốc
    15||Khu 5
    15||Buôn Ma Rốk
    15||Xóm Chùa
    15||Làng Vạc
    15||Khóm 3
    15||Đội 4
    Thửa 253, tờ bản đồ 4||Thôn Cổ Điển
    Lô 12||Khu dân cư Him Lam
    234|Quốc lộ 1A|Ấp 3
    234|Quốc lộ 1A|Ấp 2
"""
FLATS = """
    720A|Đường Điện Biên Phủ||Landmark 81||2110
    720A|Đường Điện Biên Phủ||Landmark 81||2111
    5|Đường Tố Hữu||CT1|12|1205
    5|Đường Tố Hữu||CT2A||1205
    5|Đường Tố Hữu||CT2A|G|05
    |Đường Tố Hữu||S3.03||P2110
    |Đường Tố Hữu||S3.03||2111
    ||Khu đô thị Vinhomes Smart City|S2.02||P2110
    ||Khu đô thị Vinhomes Smart City|S2.02|21|2111
    ||Khu đô thị Xa La|CT2A||1502
    ||Khu đô thị Xa La|CT2B||A1502
    ||Khu tập thể Kim Liên|B7||203
    ||Tổ 1|Chung cư Dương Sĩ Liên 1||203
    ||Tổ 1|Chung cư Dương Sĩ Liên 1||204
    ||Tổ 3, Khu phố 9|Chung cư A1||203
    ||Thôn Cổ Điển|Ký túc xá Mễ Trì||
    ||Khu đô thị Xa La|Khu tập thể Z179||305
    ||Khu đô thị Xa La|Khu tập thể Z179||306
    |Đường Tố Hữu||Chung cư Ban Mai||301
    |Đường Tố Hữu||Chung cư Ban Mai||302
    12/3|||Chung cư Sao Kim||301
    12/3|||Chung cư Sao Kim||302
    |||Chung cư B12||301
    |||Chung cư B12||302
    12|Đường Ngô Gia Tự||Chung cư Ngô Gia Tự|3|lô A 203
    12|Đường Ngô Gia Tự||Sunrise City||W1-1205
    12|Đường Ngô Gia Tự||The Manor||12.05
    ||Khu đô thị Vinhomes Central Park|Landmark 2||L2-12.03
    14|Đường Hoàng Diệu||Block A|Trệt|A0.01
    14|Đường Hoàng Diệu||Block B||B2-3
    21|Đường Hoàng Diệu||||5
    21|Đường Hoàng Diệu||||6
"""
ODD_BUILDINGS = """
    Chung cư 5 tầng|Chung cư 789 Xuân Đỉnh|Chung cư 4/1 Hoàng Quốc Việt|Chung cư Ngã Tư Sở|CC Sky 9
    Chung cư Bộ Công an|Chung cư Đường Láng|Chung cư A3 - Làng quốc tế Thăng Long|Chung cư Ban Mai
    Toà B The Pegasus Plaza|Tháp B Vinaconex 1|Block A Him Lam Chợ Lớn|Block B1-2 Chung cư Lê Thành
    CT2A Xa La|HH1A Linh Đàm|T09 Times City|S1.02 Vinhomes Ocean Park|CT5A Bộ Quốc phòng
    Park Hill 12
    Nhà A1 Tập thể Kim Liên|Nhà 9 tập thể Kinh Tế|Nhà B2-1 KĐT 54 Hạ Đình|Đơn nguyên 2 Nhà A5
    Khối 3 Chung cư Nguyễn Thiện Thuật|Khu tập thể Bệnh viện 103|Lốc D Chung cư Mỹ Phước
    Toà nhà Láng Hạ|Toà nhà số 5|Toà nhà 17T9|Toà nhà CT4B-CT4C|Toà nhà 2 Tháng 9|Toà B|Nhà T2
    Khách sạn Hoa Bình|Ký túc xá Mễ Trì|Nhà xưởng 3|Nhà văn hoá Thôn 3|Kiot 12 chợ Láng|Chợ Hôm
    Căn hộ dịch vụ Sao Mai|Biệt thự Hoa Lan|Siêu thị Big C|Hồ Gươm Plaza|GP Building
    34T Hoàng Đạo Thuý
"""
ODD_ESTATES = """
    KĐT mới Nghĩa Đô|Khu nhà ở 54 Hạ Đình|khu đô thị 31ha|Ciputra|Phú Mỹ Hưng|Chợ Láng|Khu liên cơ
    Làng quốc tế Thăng Long|Tập thể Quân đội 103|KDC 13C|Khu giãn dân Yên Phúc|Cư xá Bắc Hải
"""
_AROUND_BUILDINGS = (
    *(("{}A", "Đường Phạm Hùng", ""), ("", "Đường Đê La Thành", ""), ("", "", "Tổ 5")),
    *(("", "", "Ecopark"), ("{}", "", "Thôn Cổ Điển"), ("{}", "Phố Láng Hạ", "Khu đô thị Mỹ Đình")),
    ("", "", ""),
)
_IN_ESTATES = ("15", "BT5-12", "Lô 12", "12A", "9 TT3B", "6 BT7")


@dataclass(slots=True)
class Printed:
    """A text that is the label of one record or several."""

    labels: dict[str, str] = field(default_factory=dict)
    """Code → its label of today."""
    of_today: bool = False
    marked: bool = False
    whole: bool = True
    """Whether it is a household's, with what tells it from its neighbours."""

    def leads_back(self, found: Validation) -> bool:
        """Whether the verdict is the code, or a question that names the records with the text."""
        question, codes = found.question, self.labels.keys()
        offered = {choice.code for choice in question.choices} if question else set()
        if len(codes) > MAX_UNNUMBERED:
            return found.verdict in ("unverified", "complete") and found.code is None
        if found.verdict == "confirm" and codes <= offered:
            return len(codes) > 1 or not self.of_today
        if found.verdict == "confirm" and not (self.marked and self.whole):
            # Communes whose names differ only in diacritics: a question is asked.
            return found.address in self.labels.values()
        if not self.whole:
            named = found.address in self.labels.values() or codes <= offered
            return named and found.verdict in ("complete", "accept", "correct")
        verdicts = ("accept",) if self.of_today else ("accept", "correct")
        return found.verdict in verdicts and {found.code} == codes


def test_odd_and_generated_doors_round_trip(
    fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    with _register(fresh_database()) as (engine, reads):
        _import_odd(engine, tmp_path / "odd.csv")
        gazetteer = _import_demo(engine, tmp_path / "demo.csv")
        _check(gazetteer, reads, at_least=2 * _HOUSEHOLDS)


@pytest.mark.thorough
def test_real_doors_round_trip(fresh_database: Callable[[], str], shared_data: Path) -> None:
    with _register(fresh_database()) as (engine, reads):
        _import(engine, shared_data / "real_addresses.csv", "real")
        gazetteer = _gazetteer(engine)
        # Streets that real rows name oddly: `441 Đường 14 Tô Ngọc Vân`.
        _check(gazetteer, reads, at_least=2_000, share=0.005)


def test_labels_of_each_reform_day_round_trip(
    fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    """Printed between two decisions, on the map of that day, and read on today's."""
    with _register(fresh_database()) as (engine, reads):
        _import_odd(engine, tmp_path / "odd.csv", (*_PLACES, _NEIGHBOUR), _FORMERS)
        printed: set[tuple[str, str]] = set()
        for day, decide in _DECISIONS:
            printed |= _texts(_gazetteer(engine), reads, day)
            decide(engine)
        _check(_gazetteer(engine), reads, at_least=1_700, earlier=printed)


def _day(month: int, day: int = 1) -> datetime.date:
    return datetime.date(2026, month, day)


def _unit(engine: Engine, code: str, level: str = "commune") -> int:
    found = (u for u in _gazetteer(engine).with_code(code) if u.level == level and not u.ended)
    return next(found).id


def _rename(code: str, day: datetime.date, name: str, level: str = "commune") -> Decision:
    return lambda engine: reform.change_name(
        engine, _unit(engine, code, level), day, name=name, kind=None
    )


def _merge(codes: tuple[str, ...], day: datetime.date, code: str, name: str) -> Decision:
    return lambda engine: _done(
        reform.merge(engine, [_unit(engine, c) for c in codes], day, code=code, name=name)
    )


def _split(code: str, day: datetime.date, streets: tuple[str, ...], *names: str) -> Decision:
    def decide(engine: Engine) -> None:
        unit = _unit(engine, code)
        with session_scope(engine) as session:
            query = sql(
                "SELECT id FROM place WHERE class = 'street' AND unit_id = :u AND name = ANY (:s)"
            )
            some = session.scalars(query, {"u": unit, "s": list(streets)}).all()
        parts = {("99002", names[0]): some, ("99003", names[1]): ()}
        reform.split(engine, unit, day, parts, rest="99003")

    return decide


def _operation(name: str, **fields: object) -> Decision:
    made = BY_NAME[name]
    given = {"reason": "tests"} | fields
    return lambda engine: _done(
        perform(engine, made, made.request.model_validate(given), actor="tests")
    )


def _done(_: object) -> None:
    return None


_DECISIONS: tuple[tuple[datetime.date, Decision], ...] = (
    (_day(1), _rename("00199", _day(2), "Láng Mới")),
    (_day(2), _merge(("00199", "00229"), _day(3), "99001", "Thành Láng")),
    (
        _day(3),
        _split("26743", _day(3, 15), ("Trần Phú", "Lê Lợi"), "Bến Thành Đông", "Bến Thành Tây"),
    ),
    (_day(3, 15), _rename("48", _day(4), "Hàn Giang", "province")),
    (_day(4), _merge(("99001", "00004"), _day(5), "99004", "Thăng Long Thành")),
    (
        _day(5),
        _operation(
            "rename-street", commune="99002", street="Đường Lê Lợi", new_name="Phố Võ Văn Kiệt"
        ),
    ),
    (
        _day(5, 2),
        _operation("merge-street", commune="20285", street="Đường Ngô Quyền", into="Phố Chợ"),
    ),
    (
        _day(5, 3),
        _operation("merge-street", commune="20285", street="Đường Tố Hữu", into="Đường D5"),
    ),
    (
        _day(5, 4),
        _operation(
            "renumber-street",
            commune="99002",
            street="Đường Trần Phú",
            numbers=[{"old": "A-12", "new": "H15"}, {"old": "H15", "new": "A-12"}],
        ),
    ),
    (
        _day(5, 5),
        _operation(
            "renumber-street",
            commune="20285",
            street="Đường số 7",
            numbers=[{"old": "12", "new": "34"}],
        ),
    ),
    (
        _day(5, 6),
        _operation(
            "rename-locality", commune="20285", locality="Thôn Cổ Điển", new_name="Tổ dân phố 21"
        ),
    ),
    (
        _day(5, 7),
        _operation(
            "renumber-locality",
            commune="20285",
            locality="Làng Vạc",
            numbers=[{"old": "15", "new": "16"}],
        ),
    ),
    (
        _day(5, 8),
        _operation("merge-locality", commune="20285", locality="Làng Vạc", into="Bản Nà Lốc"),
    ),
    (_day(5, 9), lambda _engine: None),
)


@contextmanager
def _register(url: str) -> Iterator[tuple[Engine, Reads]]:
    engine = make_engine(url)
    reads = Reads(url, pool_size=1, statement_timeout_ms=30_000)
    try:
        yield engine, reads
    finally:
        reads.close()
        engine.dispose()


def _import(engine: Engine, file: Path, source: str, *, demo: bool = False) -> None:
    options = ImportOptions(source, demo_as_real=demo)
    assert import_file(engine, file, options, lambda _rows: None).new


def _import_odd(
    engine: Engine,
    file: Path,
    places: Iterable[tuple[str, float, float]] = _PLACES,
    formers: Mapping[str, str] = {},
) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow((*_ODD_COLUMNS, "commune_code", "longitude", "latitude", "old ward code"))
        for commune, lon, lat in places:
            for at, line in enumerate((ODD_DOORS + FLATS).split("\n")):
                if line.strip():
                    cells = (line.strip().split("|") + [""] * len(_ODD_COLUMNS))[:6]
                    point = (f"{lon + at * 0.0002:.6f}", lat)
                    writer.writerow((*cells, commune, *point, formers.get(commune)))
        for at, cells in enumerate(_odd_names() if places is _PLACES else ()):
            commune, lon, lat = _APART
            point = (f"{lon + at % 50 * 0.0002:.6f}", f"{lat + at // 50 * 0.0002:.6f}")
            writer.writerow((*cells, commune, *point, None))
    _import(engine, file, "odd")


def _odd_names() -> Iterator[tuple[str, ...]]:
    """Buildings and estates of odd names, in all surroundings in which a register has them."""
    for at, building in enumerate(_names_in(ODD_BUILDINGS), start=20):
        for number, street, locality in _AROUND_BUILDINGS:
            placed = (number.format(at), street, locality, building, "")
            if number or locality:
                yield (*placed, "")
            yield (*placed, "1205" if any(placed[:3]) else "1206")
    for estate in _names_in(ODD_ESTATES):
        for number in _IN_ESTATES:
            yield number, "", estate, "", "", ""
            yield number, "Đường Nguyễn Khang", estate, "", "", ""
        for flat in ("2111", "2112"):
            yield "", "", estate, "S2.02", "", flat


def _names_in(names: str) -> list[str]:
    return [name.strip() for line in names.split("\n") for name in line.split("|") if name.strip()]


def _import_demo(engine: Engine, file: Path) -> Gazetteer:
    with session_scope(engine) as session:
        gazetteer = load_gazetteer(session)
        plan = plan_demo(session, gazetteer, _HOUSEHOLDS)
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(DEMO_COLUMNS)
        writer.writerows(plan.households())
    _import(engine, file, "made-up", demo=True)
    return gazetteer


def _check(
    gazetteer: Gazetteer,
    reads: Reads,
    *,
    at_least: int,
    share: float = 0.0,
    earlier: Iterable[tuple[str, str]] = (),
) -> None:
    """At most the `share` of labels does not round-trip, and none leads to another record."""
    printed = _printed(gazetteer, reads, earlier)
    assert len(printed) >= at_least
    astray, wrong = [], []
    for texts in batched(printed, _TOGETHER):
        asked = [validating(gazetteer, Question(text)) for text in texts]
        for text, found in zip(texts, together(reads, asked), strict=True):
            assert isinstance(found, Validation), found
            if found.code is not None and found.code not in printed[text].labels:
                wrong.append((text, found.code))
            elif not printed[text].leads_back(found):
                astray.append((text, found.verdict, found.question and found.question.code))
    assert not wrong
    assert len(astray) <= share * len(printed), "\n".join(map(str, astray))


def _gazetteer(engine: Engine) -> Gazetteer:
    with session_scope(engine) as session:
        return load_gazetteer(session)


def _texts(gazetteer: Gazetteer, reads: Reads, day: datetime.date) -> set[tuple[str, str]]:
    """(code, label) of all that the register prints on a day."""
    printed, found = set(), []
    for record in _records(reads):
        words = record_wording(gazetteer, day, record)
        printed |= {(record.code, text) for text in (words.label, words.before_2025_07) if text}
        former = gazetteer.units.get(record.former_unit_id or 0)
        found.append(Labelled(words.label, words.commune, former, record.code))
    # As they stand in a question that has several of them.
    apart = labels_apart(gazetteer, day, found)
    return printed | {(one.code or "", one.label) for one in apart}


def _records(reads: Reads) -> list[Record]:
    records = [Record(*row) for row in reads.rows(_RECORDS, {})]
    return [
        record for some in batched(records, _TOGETHER) for record in alone(reads, with_past(some))
    ]


def _printed(
    gazetteer: Gazetteer, reads: Reads, earlier: Iterable[tuple[str, str]] = ()
) -> dict[str, Printed]:
    found: dict[str, Printed] = {}
    texts = {*earlier, *_texts(gazetteer, reads, today())}
    returned = _by_code(texts)
    for record in _records(reads):
        words = record_wording(gazetteer, today(), record)
        for text in returned[record.code]:
            for shown in (text, without_marks(text)):
                printed = found.setdefault(shown, Printed())
                printed.labels[record.code] = words.label
                printed.of_today |= text == words.label
                printed.marked |= shown == text
                printed.whole &= _is_whole(record)
    return found


def _by_code(texts: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    expected: dict[str, set[str]] = {}
    for code, text in texts:
        expected.setdefault(code, set()).add(text)
    return expected


def _is_whole(record: Record) -> bool:
    """Whether it is the address of a door: no building (its flat is missing), nor a number without
    a street or hamlet, nor a hamlet alone.
    """
    if record.kind == "building" or not (record.street_name or record.localities):
        return False
    number = record.house_number_key
    return bool(record.unit_number) if number is None else not number.endswith("/")


def without_marks(text: str) -> str:
    """The text as typed without a Vietnamese keyboard."""
    parted = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(sign for sign in parted if not unicodedata.combining(sign))
