"""Every label that the register prints leads back to its door, with its marks and without any."""

import csv
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import batched
from pathlib import Path

from sqlalchemy import Engine

from registry.database import make_engine, session_scope
from registry.demo.load import COLUMNS as DEMO_COLUMNS
from registry.demo.load import plan_demo
from registry.gazetteer import Gazetteer, load_gazetteer, today
from registry.geocode import Question
from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from registry.reads import Reads
from registry.records import COLUMNS, JOINS, OPEN, Record, record_wording
from registry.search.batching import together
from registry.search.doors import MAX_UNNUMBERED
from registry.validate import validating
from registry.validation.verdicts import Validation

_RECORDS = f"SELECT {COLUMNS} FROM household h {JOINS} WHERE {OPEN} ORDER BY h.code"
_TOGETHER = 500
_HOUSEHOLDS = 3_000
_ODD_COLUMNS = ("house_number", "street", "locality", "building", "floor", "unit")
_PLACES = (("00199", 105.806, 21.021), ("26743", 106.700, 10.775), ("20285", 108.248, 15.998))
"""Communes of three traditions: ngõ, hẻm and kiệt."""
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
    12|Đường Ngô Gia Tự||Chung cư Ngô Gia Tự|3|lô A 203
    12|Đường Ngô Gia Tự||Sunrise City||W1-1205
    12|Đường Ngô Gia Tự||The Manor||12.05
    ||Khu đô thị Vinhomes Central Park|Landmark 2||L2-12.03
    14|Đường Hoàng Diệu||Block A|Trệt|A0.01
    14|Đường Hoàng Diệu||Block B||B2-3
    21|Đường Hoàng Diệu||||5
    21|Đường Hoàng Diệu||||6
"""


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
        """Whether the verdict is the code, or a question that names what bears the text."""
        question, codes = found.question, self.labels.keys()
        offered = {choice.code for choice in question.choices} if question else set()
        if len(codes) > MAX_UNNUMBERED:
            return found.verdict in ("unverified", "complete") and found.code is None
        if found.verdict == "confirm" and codes <= offered:
            return len(codes) > 1 or not self.of_today
        if found.verdict == "confirm" and not (self.marked and self.whole):
            # Communes whose names differ in their marks alone: whether it is this one is asked.
            return found.address in self.labels.values()
        if not self.whole:
            return found.verdict in ("complete", "accept", "correct")
        verdicts = ("accept",) if self.of_today else ("accept", "correct")
        return found.verdict in verdicts and {found.code} == codes


def test_odd_and_made_up_doors(fresh_database: Callable[[], str], tmp_path: Path) -> None:
    with _register(fresh_database()) as (engine, reads):
        _import_odd(engine, tmp_path / "odd.csv")
        gazetteer = _import_demo(engine, tmp_path / "demo.csv")
        _check(gazetteer, reads, at_least=2 * _HOUSEHOLDS)


def test_real_doors(fresh_database: Callable[[], str], shared_data: Path) -> None:
    with _register(fresh_database()) as (engine, reads):
        _import(engine, shared_data / "real_addresses.csv", "real")
        with session_scope(engine) as session:
            gazetteer = load_gazetteer(session)
        # Streets that real rows name oddly: `441 Đường 14 Tô Ngọc Vân`.
        _check(gazetteer, reads, at_least=2_000, share=0.005)


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


def _import_odd(engine: Engine, file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow((*_ODD_COLUMNS, "commune_code", "longitude", "latitude"))
        for commune, lon, lat in _PLACES:
            for at, line in enumerate((ODD_DOORS + FLATS).split("\n")):
                if line.strip():
                    cells = (line.strip().split("|") + [""] * len(_ODD_COLUMNS))[:6]
                    writer.writerow((*cells, commune, f"{lon + at * 0.0002:.6f}", lat))
    _import(engine, file, "odd")


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


def _check(gazetteer: Gazetteer, reads: Reads, *, at_least: int, share: float = 0.0) -> None:
    """At most the `share` of labels does not lead back, and none to another record."""
    printed = _printed(gazetteer, reads)
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


def _printed(gazetteer: Gazetteer, reads: Reads) -> dict[str, Printed]:
    found: dict[str, Printed] = {}
    for record in (Record(*row) for row in reads.rows(_RECORDS, {})):
        words = record_wording(gazetteer, today(), record)
        for text in filter(None, (words.label, words.before_2025_07)):
            for shown in (text, without_marks(text)):
                printed = found.setdefault(shown, Printed())
                printed.labels[record.code] = words.label
                printed.of_today |= text == words.label
                printed.marked |= shown == text
                printed.whole &= _is_whole(record)
    return found


def _is_whole(record: Record) -> bool:
    """Whether its address is a door's: no building's, whose flat is asked for, no number without a
    street or hamlet, and no hamlet alone.
    """
    if record.kind == "building" or not (record.street_name or record.localities):
        return False
    number = record.number_key
    return bool(record.unit_number) if number is None else not number.endswith("/")


def without_marks(text: str) -> str:
    """The text as somebody types it who has no Vietnamese keyboard."""
    parted = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(sign for sign in parted if not unicodedata.combining(sign))
