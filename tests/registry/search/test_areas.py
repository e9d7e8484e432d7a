"""Search areas of a text: the current communes that units of any map lead to."""

from registry.search.find.areas import area_of, is_in_district
from registry.units.gazetteer import Gazetteer, Unit, today
from registry.units.onward import communes_of
from registry.units.text import read_units


def province(gazetteer: Gazetteer, text: str, *, alive: bool) -> Unit:
    (found,) = [
        naming.province
        for naming in read_units(gazetteer, text)
        if naming.province is not None and naming.province.alive_on(today()) == alive
    ]
    return found


def test_former_province_is_searched_only_on_its_own_territory(gazetteer: Gazetteer) -> None:
    day = today()
    old = communes_of(gazetteer, day, province(gazetteer, "Tỉnh Kon Tum", alive=False))
    whole = communes_of(gazetteer, day, province(gazetteer, "Quảng Ngãi", alive=True))
    assert 30 < len(old) < 50
    assert old < whole
    other = communes_of(gazetteer, day, province(gazetteer, "Quảng Ngãi", alive=False))
    assert old | other == whole


def test_district_alone_excludes_doors_of_other_districts(gazetteer: Gazetteer) -> None:
    day = today()
    (lang,) = (u for u in gazetteer.with_code("00199") if u.alive_on(day))
    formers = {
        unit.versions[-1].name: unit.id
        for unit in (step.predecessor for step in gazetteer.predecessors(lang))
    }

    def is_in(text: str, former: int | None) -> bool:
        area = area_of(gazetteer, day, read_units(gazetteer, text), None)
        assert lang.id in (area.communes or ())
        return is_in_district(gazetteer, area, commune=lang.id, former=former)

    lang_ha, ngoc_khanh = formers["Láng Hạ"], formers["Ngọc Khánh"]
    assert is_in("Quận Đống Đa, Hà Nội", lang_ha)
    assert not is_in("Quận Đống Đa, Hà Nội", ngoc_khanh)
    assert not is_in("Ba Đình, Hà Nội", lang_ha)  # also a current commune
    assert is_in("Ba Đình, Hà Nội", ngoc_khanh)
    # An unknown former commune, and texts that name the commune or the province.
    assert is_in("Ba Đình, Hà Nội", None)
    assert is_in("Phường Láng, Hà Nội", lang_ha)
    assert is_in("Hà Nội", lang_ha)


def test_area_of_a_former_province_matches_the_current_one(gazetteer: Gazetteer) -> None:
    area = area_of(gazetteer, today(), read_units(gazetteer, "Tỉnh Kon Tum"), None)
    assert area.communes is not None
    assert len(area.communes) < 50
    assert [unit.versions[-1].name for unit in area.innermost] == ["Quảng Ngãi"]
    assert "commune_former" in area.faults


def test_name_of_a_current_commune_does_not_match_a_former_one(gazetteer: Gazetteer) -> None:
    day = today()
    wrong: list[str] = []
    counted = 0
    for unit in gazetteer.alive(day, level="commune"):
        name = unit.version_on(day).full_name
        formers = (step.predecessor for step in gazetteer.predecessors(unit))
        if not any(former.versions[-1].full_name == name for former in formers):
            continue
        counted += 1
        province = gazetteer.province_of(unit, day)
        assert province is not None
        text = f"{name}, {province.version_on(day).full_name}"
        area = area_of(gazetteer, day, read_units(gazetteer, text), None)
        if area.named_formers.get(unit.id) or (area.map and area.map.end):
            wrong.append(text)
    assert counted > 100
    assert wrong == []
