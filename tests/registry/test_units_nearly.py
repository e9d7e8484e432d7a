"""Cells of communes that are misspelt: read by their letters, in what the row names around them."""

import pytest

from registry.gazetteer import Gazetteer, today
from registry.intake.spellings.communes import CommuneReader, CommuneSpelling
from registry.intake.spellings.texts import TextReader

CORRECTED = "commune_corrected"


@pytest.mark.parametrize(
    ("commune", "district", "province", "meant", "notice"),
    [
        ("Phường Ba Đình", None, "Hà Nội", "Ba Đình", None),
        ("Phườngg Ba Đình", None, "Hà Nội", "Ba Đình", CORRECTED),
        ("Phườngg Ba Đình", None, None, "Ba Đình", CORRECTED),
        ("Phường Ba Đìnhh", None, "Thành phố Hà Nộii", "Ba Đình", CORRECTED),
        ("Phuờg Ba Đinhf", None, "Hà Nội", "Ba Đình", CORRECTED),
        ("P. Ba Dinhf", None, "Hà Nội", "Ba Đình", None),
        # A space too many, or none
        ("Ph ường Ba Đ ình", None, "H à Nội", "Ba Đình", CORRECTED),
        ("PhườngBaĐình", None, "HàNội", "Ba Đình", None),
        ("Xã Ph ư ớc An", None, "Đồng Nai", "Phước An", None),  # not Phước Tân, a letter away
        ("Xã Xuân Thới Sn", "Hc Môn", "TP. Hồ Chí Mih", "Xuân Thới Sơn", CORRECTED),
        # No commune of the name of a district that it was never in
        ("Láng Thượng", "Hoàn Kiếm", "Hà Nội", "Láng", "district_unread"),
        # In another province than the one written, as it is written: followed, and told
        ("Phường Ba Đình", None, "Đà Nẵng", "Ba Đình", "province_differs"),
    ],
)
def test_misspelt_unit_is_read_in_what_holds_it(
    gazetteer: Gazetteer,
    commune: str,
    district: str | None,
    province: str | None,
    meant: str,
    notice: str | None,
) -> None:
    cells = CommuneSpelling(None, commune, district, province)
    reading = CommuneReader(gazetteer, today(), ()).read(cells)
    named = [gazetteer.units[at].version_on(today()).name for at in reading.candidates]
    assert (named, reading.problem, reading.notice) == ([meant], None, notice)


@pytest.mark.parametrize(
    ("commune", "district", "province"),
    [
        ("Phườngg Ba Đình", None, "Đà Nẵng"),
        ("Phường Ba Đìnhh", None, "Thành phố Đà Nẵngg"),
        ("Phường Bình An", "Quận 2", "Hồ Chí Minh"),  # merged before any list; no Bình Tân
        ("Phường Hoa Lư Đông", None, "Hà Nội"),
        ("Khu 3 Phườngg Ba Đình", None, "Hà Nội"),  # more than a commune
    ],
)
def test_what_is_in_no_commune_of_the_province_stays_unknown(
    gazetteer: Gazetteer, commune: str, district: str | None, province: str
) -> None:
    cells = CommuneSpelling(None, commune, district, province)
    reading = CommuneReader(gazetteer, today(), ()).read(cells)
    assert (reading.candidates, reading.problem) == ((), "commune_unknown")


def test_misspelt_former_commune_tells_apart(gazetteer: Gazetteer) -> None:
    cells = CommuneSpelling(
        commune="Phường Ba Đình", province="Hà Nội", former="Phườngg Trúc Bạchh, Quận Ba Đình"
    )
    reading = CommuneReader(gazetteer, today(), ()).read(cells)
    assert reading.former_id is not None
    assert gazetteer.units[reading.former_id].versions[-1].name == "Trúc Bạch"


@pytest.mark.parametrize(
    ("address", "code", "meant", "street"),
    [
        ("12 Láng, Phườngg Láng, Hà Nội", "", "Láng", "lang"),
        ("12 Láng, Ph ường Ba Đ ình, H à Nội", "", "Ba Đình", "lang"),
        # The name is the street's, and its commune is not told.
        ("45 Tân Quý, Quận Tân Phú, TP. Hồ Chí Minh", "", None, "tan qui"),
        # A code says it.
        ("12 Láng, Phườngg Láng, Hà Nội", "00004", None, "lang"),
    ],
)
def test_misspelt_commune_of_a_text_is_read_where_none_is_as_written(
    gazetteer: Gazetteer, address: str, code: str, meant: str | None, street: str
) -> None:
    reading = TextReader(gazetteer, today()).read(address, "", "", code, "", "", "", "", "")
    named = [gazetteer.units[at].version_on(today()).name for at in reading.commune.candidates]
    assert named == ([meant] if meant else [])
    assert reading.commune.notice == (CORRECTED if meant else None)
    assert reading.door.street is not None
    assert reading.door.street[2] == street
