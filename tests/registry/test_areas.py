"""Where to look for what a text names: the communes of today that units of any map lead to."""

from registry.gazetteer import Gazetteer, Unit, today
from registry.search.areas import area_of, communes_of
from registry.units.text import read_units


def province(gazetteer: Gazetteer, text: str, *, alive: bool) -> Unit:
    (found,) = [
        naming.province
        for naming in read_units(gazetteer, text)
        if naming.province is not None and naming.province.alive_on(today()) == alive
    ]
    return found


def test_province_of_old_is_searched_on_its_own_land_only(gazetteer: Gazetteer) -> None:
    day = today()
    old = communes_of(gazetteer, day, province(gazetteer, "Tỉnh Kon Tum", alive=False))
    whole = communes_of(gazetteer, day, province(gazetteer, "Quảng Ngãi", alive=True))
    assert 30 < len(old) < 50
    assert old < whole
    other = communes_of(gazetteer, day, province(gazetteer, "Quảng Ngãi", alive=False))
    assert old | other == whole


def test_area_of_an_old_province_leads_to_the_one_of_today(gazetteer: Gazetteer) -> None:
    area = area_of(gazetteer, today(), read_units(gazetteer, "Tỉnh Kon Tum"), None)
    assert area.communes is not None
    assert len(area.communes) < 50
    assert [unit.versions[-1].name for unit in area.innermost] == ["Quảng Ngãi"]
    assert "commune_former" in area.faults
