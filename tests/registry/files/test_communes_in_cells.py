"""Cells of communes: misspelled ones are matched within the units named by the row, and
a former one beside the current one distinguishes it.
"""

from pathlib import Path

import pytest

from registry.files.spellings.communes import CommuneReader, CommuneSpelling
from registry.intake.columns.reader import open_file
from registry.intake.texts import TextReader
from registry.units.gazetteer import Gazetteer, today
from tests.support.vectors import Row, cases

CORRECTED = "commune_corrected"


@pytest.mark.parametrize("row", cases("communes_in_cells", "why"))
def test_commune_is_read_from_the_cells_of_a_row(gazetteer: Gazetteer, row: Row) -> None:
    fields = ("code", "commune", "district", "province", "former")
    cells = CommuneSpelling(**{name: row[name] for name in fields if row[name]})
    reading = CommuneReader(gazetteer, today(), row["code"].split()).read(cells)
    named = [gazetteer.units[at].version_on(today()).name for at in reading.candidates]
    former = gazetteer.units[reading.former_id].versions[-1].name if reading.former_id else ""
    assert (", ".join(named), former) == (row["meant"], row["former_meant"])
    assert (reading.problem or "", reading.notice or "") == (row["problem"], row["notice"])


@pytest.mark.parametrize(
    ("address", "code", "meant", "street"),
    [
        ("12 Láng, Phườngg Láng, Hà Nội", "", "Láng", "lang"),
        ("12 Láng, Ph ường Ba Đ ình, H à Nội", "", "Ba Đình", "lang"),
        # The name is the street's, and its commune is not given.
        ("45 Tân Quý, Quận Tân Phú, TP. Hồ Chí Minh", "", None, "tan qui"),
        # A code gives it.
        ("12 Láng, Phườngg Láng, Hà Nội", "00004", None, "lang"),
    ],
)
def test_misspelled_commune_is_corrected_if_no_exact_match_exists(
    gazetteer: Gazetteer, address: str, code: str, meant: str | None, street: str
) -> None:
    reading = TextReader(gazetteer, today()).read(address, "", "", code, "", "", "", "", "")
    named = [gazetteer.units[at].version_on(today()).name for at in reading.commune.candidates]
    assert named == ([meant] if meant else [])
    assert reading.commune.notice == (CORRECTED if meant else None)
    assert reading.door.street is not None
    assert reading.door.street[2] == street


def test_former_unit_columns_alone_give_the_commune(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Số nhà,Đường,Phường cũ,Quận cũ,Tỉnh cũ\n5,Láng,Láng Hạ,Đống Đa,Hà Nội\n")
    positions = open_file(path).columns.positions
    assert {name: positions[name] for name in ("commune", "district", "province")} == {
        "commune": 2,
        "district": 3,
        "province": 4,
    }
