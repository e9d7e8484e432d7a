"""A commune of before beside the one of today: today's counts, the other tells it apart."""

from pathlib import Path

import pytest

from registry.gazetteer import Gazetteer, today
from registry.intake.columns.reader import open_file
from registry.intake.spellings.communes import CommuneReader, CommuneSpelling


@pytest.mark.parametrize(
    ("spelling", "commune", "former", "notice"),
    [
        ({"commune": "Phường Ba Đình"}, "Ba Đình", None, None),
        (
            {"commune": "Phường Ba Đình", "former": "Phường Trúc Bạch, Quận Ba Đình"},
            *("Ba Đình", "Trúc Bạch", None),
        ),
        ({"commune": "Phường Ba Đình", "former": "Trúc Bạch"}, "Ba Đình", "Trúc Bạch", None),
        ({"code": "00004", "former": "Trúc Bạch, Ba Đình"}, "Ba Đình", "Trúc Bạch", None),
        ({"former": "Trúc Bạch, Ba Đình, Hà Nội"}, "Ba Đình", "Trúc Bạch", "commune_from_former"),
        (
            {"commune": "Phường Ba Đình", "former": "Láng Hạ, Đống Đa"},
            *("Ba Đình", None, "former_commune_differs"),
        ),
        ({"commune": "Phường Ba Đình", "former": "không rõ"}, "Ba Đình", None, None),
        ({"commune": "Phường Ba Đình", "former": "-"}, "Ba Đình", None, None),
    ],
)
def test_former_commune_tells_todays_apart(
    gazetteer: Gazetteer,
    spelling: dict[str, str],
    commune: str,
    former: str | None,
    notice: str | None,
) -> None:
    province = {"province": "Hà Nội"} if "commune" in spelling else {}
    reader = CommuneReader(gazetteer, today(), spelling.get("code", "").split())
    reading = reader.read(CommuneSpelling(**spelling, **province))
    named = {unit.id: unit.versions[-1].name for unit in gazetteer.units.values()}
    assert [named[at] for at in reading.candidates] == [commune]
    assert reading.former_id is None if former is None else named[reading.former_id] == former
    assert (reading.problem, reading.notice) == (None, notice)


def test_names_of_before_alone_are_the_commune(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Số nhà,Đường,Phường cũ,Quận cũ,Tỉnh cũ\n5,Láng,Láng Hạ,Đống Đa,Hà Nội\n")
    positions = open_file(path).columns.positions
    assert {name: positions[name] for name in ("commune", "district", "province")} == {
        "commune": 2,
        "district": 3,
        "province": 4,
    }
