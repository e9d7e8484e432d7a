"""Every label that the register prints leads back to its door, with marks and without."""

import csv
import unicodedata
from collections.abc import Callable, Iterator
from itertools import batched
from pathlib import Path

from sqlalchemy import Engine

from registry.database import make_engine, session_scope
from registry.demo.load import plan_demo
from registry.gazetteer import Gazetteer, today
from registry.geocode import Question
from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from registry.reads import Reads
from registry.records import COLUMNS, JOINS, OPEN, Record, record_wording
from registry.search.asking import together
from registry.validate import validating
from registry.validation.verdicts import Validation
from tests.support.units import read_gazetteer

_RECORDS = f"SELECT {COLUMNS} FROM household h {JOINS} WHERE {OPEN} ORDER BY h.code"
_TOGETHER = 500
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


def test_labels_lead_back_to_their_doors(fresh_database: Callable[[], str], tmp_path: Path) -> None:
    url = fresh_database()
    engine = make_engine(url)
    reads = Reads(url, pool_size=1, statement_timeout_ms=30_000)
    try:
        gazetteer = read_gazetteer(engine)
        _import_odd(engine, tmp_path)
        bad = list(_astray(gazetteer, reads))
        for code, text, got in bad:
            print(
                code,
                "|",
                text,
                "|",
                got.verdict,
                got.question and got.question.code,
                got.code,
                [
                    (c.name, c.status, c.given, c.value)
                    for c in got.components
                    if c.status not in ("confirmed", "inferred")
                ],
                got.question and [c.label for c in got.question.choices],
            )
        assert not bad
    finally:
        reads.close()
        engine.dispose()


def _import_odd(engine: Engine, folder: Path) -> None:
    file = folder / "odd.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(
            (
                "house_number",
                "street",
                "locality",
                "building",
                "floor",
                "unit",
                "commune_code",
                "longitude",
                "latitude",
            )
        )
        for commune, lon, lat in (
            ("00199", 105.8060, 21.0211),
            ("26743", 106.7, 10.775),
            ("20285", 108.2, 16.07),
        ):
            for i, line in enumerate((ODD_DOORS + FLATS).split("\n")):
                if line.strip():
                    cells = (line.strip().split("|") + [""] * 6)[:6]
                    writer.writerow((*cells, commune, lon + i * 0.0003, lat))
    r = import_file(engine, file, ImportOptions("odd"), lambda _rows: None)
    print(r)
    import os
    if os.environ.get("RT_DEMO"):
        with session_scope(engine) as session:
            plan = plan_demo(session, read_gazetteer(engine), int(os.environ["RT_DEMO"]))
        file = folder / "demo.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            from registry.demo.load import COLUMNS as DC
            writer.writerow(DC)
            writer.writerows(plan.households())
        r = import_file(engine, file, ImportOptions("demo2", demo_as_real=True), lambda _rows: None)
        print(r)


def _astray(gazetteer: Gazetteer, reads: Reads) -> Iterator[tuple[str, str, Validation]]:
    """Code, label and verdict of each that does not lead to its door."""
    labels: dict[str, set[str]] = {}
    for row in reads.rows(_RECORDS, {}):
        record = Record(*row)
        words = record_wording(gazetteer, today(), record)
        for text in (words.label, words.before_2025_07):
            if text:
                labels.setdefault(text, set()).add(record.code)
                labels.setdefault(_without_marks(text), set()).add(record.code)
    for texts in batched(labels, _TOGETHER):
        asked = [validating(gazetteer, Question(text)) for text in texts]
        for text, found in zip(texts, together(reads, asked), strict=True):
            assert isinstance(found, Validation), found
            if not _leads_to(found, labels[text]):
                yield ",".join(labels[text]), text, found


def _leads_to(found: Validation, codes: set[str]) -> bool:
    if len(codes) == 1:
        return found.verdict in ("accept", "correct") and {found.code} == codes
    offered = {choice.code for choice in (found.question.choices if found.question else ())}
    if len(codes) > 5:
        return found.verdict in ("unverified", "complete")
    return found.verdict == "confirm" and codes <= offered


def _without_marks(text: str) -> str:
    parted = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(sign for sign in parted if not unicodedata.combining(sign))
