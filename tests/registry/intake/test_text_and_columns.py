"""One text for the door, and columns beside it for its units."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from tests.support.intake import deliveries, rows

pytestmark = pytest.mark.thorough

PLACED = """
    SELECT h.house_number_key, t.name, l.name FROM household h
    LEFT JOIN place t ON t.id = h.street_id
    LEFT JOIN place l ON l.id = h.locality_id ORDER BY 1, 2, 3
"""


def test_flats_with_the_same_text_are_separate_doors(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "households.csv"
    flats = "".join(f"5 Quán Thánh,A1,{n // 10},{n // 10}0{n % 10},00004\n" for n in range(11, 40))
    file.write_text(f"Địa chỉ,Toà nhà,Tầng,Căn hộ,Mã xã\n{flats}", encoding="utf-8")
    result = import_file(engine, file, ImportOptions("ubnd"), lambda _rows: None)
    assert (result.new, result.linked, result.buildings) == (29, 0, 1)


def test_street_without_its_kind_matches_the_one_of_the_commune(
    engine: Engine, tmp_path: Path
) -> None:
    """`12 Ấp Bắc` is on Đường Ấp Bắc, of the register or of the file, where no ấp is called so."""
    commune = "Phường Ba Đình, Hà Nội"
    known = {"house_number": "12", "street": "Đường Ấp Bắc", "commune_code": "00004"}
    hamlet = {"house_number": "1", "locality": "Xóm Mới", "commune_code": "00004"}
    deliver = deliveries(engine, tmp_path)
    deliver(known, known | {"house_number": "1", "street": "Đường Xóm Mới"}, hamlet)

    texts = (
        *("12 Ấp Bắc", "14 Ấp Bắc", "2 Xóm Mới", "3 đường Chợ Mới", "5 Chợ Mới", "6 Xóm Chùa"),
        *("Hộ ông A, Ấp Bắc",),
    )
    result = deliver(*({"address": f"{text}, {commune}"} for text in texts), source="texts")

    assert (result.linked, result.new, result.rejected) == (1, 5, 1)
    assert rows(engine, PLACED) == [
        *(("1", "Xóm Mới", None), ("1", None, "Mới"), ("12", "Ấp Bắc", None)),
        *(("14", "Ấp Bắc", None), ("2", None, "Mới"), ("3", "Chợ Mới", None)),
        *(("5", "Chợ Mới", None), ("6", None, "Chùa")),
    ]
