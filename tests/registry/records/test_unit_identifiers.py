"""What a scheme calls units: a file as a whole or not at all, of the map of any day."""

import datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from registry.core.errors import InvalidInputError, UnreadableFileError
from registry.records.unit_identifiers import (
    IdentifierFile,
    UnitIdentifiersLoaded,
    covered_schemes,
    load_unit_identifiers,
    remove_unit_identifiers,
)
from registry.units.gazetteer import Gazetteer, Unit, today
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.thorough import gate_takes_one_of
from tests.support.units import unit_named

OLD = datetime.date(2025, 6, 30)


def load(
    session: Session, folder: Path, table: str, scheme: str = "ghn", **said: object
) -> UnitIdentifiersLoaded:
    path = folder / "ids.csv"
    path.write_text(table, encoding="utf-8")
    return load_unit_identifiers(session, path, IdentifierFile(scheme, **said))  # type: ignore[arg-type]


def provinces(session: Session, day: datetime.date | None = None) -> list[Unit]:
    return list(load_gazetteer(session).alive(day or today(), level="province"))


def numbered(units: list[Unit], header: str = "code,value", first: int = 200) -> str:
    return "\n".join([header, *(f"{u.code},{first + n}" for n, u in enumerate(units))])


def problems(result: UnitIdentifiersLoaded) -> list[tuple[int, str]]:
    return [(each.row_number, each.code) for each in result.problems]


def on(session: Session, code: str, scheme: str, day: datetime.date) -> str | None:
    (unit,) = (u for u in load_gazetteer(session).with_code(code) if u.alive_on(day))
    return unit.identifier(scheme, day)


def test_file_is_loaded_and_identifiers_resolve_both_ways(session: Session, tmp_path: Path) -> None:
    units = provinces(session)
    result = load(session, tmp_path, numbered(units))
    assert (result.written, result.new, result.missing, problems(result)) == (True, 34, (), [])
    known = load_gazetteer(session)
    assert known.identified("ghn", "200", today()) == [units[0]]
    assert known.identified("ghn", "200", today())[0].identifiers_on(today())["ghn"] == "200"
    again = load(session, tmp_path, numbered(units))
    assert (again.new, again.changed, again.unchanged) == (0, 0, 34)


def test_gaps_and_duplicates_are_listed_and_nothing_is_loaded(
    session: Session, tmp_path: Path
) -> None:
    first, second, *others = provinces(session)
    rows = numbered(others).splitlines()
    table = "\n".join([*rows[:-2], f"{second.code},200", f"{others[1].code},999", "77777,5", "01,"])
    result = load(session, tmp_path, table)
    assert not result.written
    assert problems(result) == [
        *((1, "value_repeated"), (2, "unit_repeated")),
        *((len(rows) - 2, "value_repeated"), (len(rows) - 1, "unit_repeated")),
        *((len(rows), "unit_unknown"), (len(rows) + 1, "value_missing")),
    ]
    missing = {unit["code"] for unit in result.missing}
    assert missing == {first.code, others[-1].code, others[-2].code}
    assert {one.scheme for one in covered_schemes(session, today())} == {"iso_3166_2", "postcode"}
    gap = load(session, tmp_path, numbered(others))
    assert (gap.written, len(gap.missing), problems(gap)) == (False, 2, [])
    part = load(session, tmp_path, numbered(others), partial=True)
    assert (part.written, part.new, len(part.missing)) == (True, 32, 2)
    one_more = load(session, tmp_path, f"code,value\n{first.code},200", partial=True)
    assert (one_more.written, problems(one_more)) == (False, [(1, "value_repeated")])


def test_day_separates_former_from_current_ids(session: Session, tmp_path: Path) -> None:
    units, since = provinces(session), datetime.date(2026, 3, 1)
    load(session, tmp_path, numbered(units))
    table = (
        numbered(units, first=199)
        .replace(",199", ",200", 1)
        .replace(f"{units[1].code},200", f"{units[1].code},199")
    )
    result = load(session, tmp_path, table, since=since)
    assert (result.written, result.changed, result.unchanged) == (True, 33, 1)
    eve = since - datetime.timedelta(days=1)
    code = units[1].code
    assert [on(session, code, "ghn", day) for day in (eve, since)] == ["201", "199"]
    assert [on(session, units[0].code, "ghn", day) for day in (eve, since)] == ["200", "200"]
    load(session, tmp_path, table)
    assert on(session, code, "ghn", eve) == "199"


@pytest.mark.parametrize(
    ("table", "expected"),
    gate_takes_one_of(
        3,
        [
            ("Quận huyện,Tỉnh,id\nQuận Ba Đình,Hà Nội,1442\n", ("001", "Quận Ba Đình")),
            ("mã huyện,value\n1,1442\n", ("001", "Quận Ba Đình")),
            ("code,level,value\n1,huyện,1442\n", ("001", "Quận Ba Đình")),
            ("code,value\n001,1442\n", ("001", "Quận Ba Đình")),
            (
                "xã,quận huyện,tỉnh,value\nPhường Trúc Bạch,Ba Đình,Hà Nội,1442\n",
                ("00004", "Phường Trúc Bạch"),
            ),
            ("code,xã,value\n4,Trúc Bạch,1442\n", ("00004", "Phường Trúc Bạch")),
        ],
    ),
)
def test_units_of_the_old_map_match_by_code_or_name(
    session: Session, tmp_path: Path, table: str, expected: tuple[str, str]
) -> None:
    result = load(session, tmp_path, table, map_on=OLD, partial=True)
    assert (problems(result), result.new) == ([], 1)
    known = load_gazetteer(session)
    (unit,) = known.identified("ghn", "1442", OLD)
    assert unit == unit_named(known, expected[1], expected[0])
    assert known.identified("ghn", "1442", today()) == []


def test_values_of_a_known_scheme_are_checked(session: Session, tmp_path: Path) -> None:
    table = "mã xã,mã bưu chính\n00199,11530\n00004,1112A\n00008,111199\n04117,5128\n"
    result = load(session, tmp_path, table, "postcode", partial=True)
    assert problems(result) == [(2, "value_unreadable"), (3, "value_unreadable")]
    for scheme in ("Postcode", "a b", ""):
        with pytest.raises(InvalidInputError, match="Scheme"):
            load(session, tmp_path, table, scheme)
    with pytest.raises(UnreadableFileError):
        load(session, tmp_path, "a,b\n1,2\n")


def test_every_commune_has_the_postcode_of_the_decision(gazetteer: Gazetteer) -> None:
    communes = list(gazetteer.alive(today(), level="commune"))
    codes = {unit.identifier("postcode", today()) for unit in communes}
    assert (len(communes), len(codes), None in codes) == (3_321, 3_321, False)
    lang = unit_named(gazetteer, "Phường Láng", "00199")
    assert lang.identifiers_on(today()) == {"postcode": "11528"}
    assert lang.identifiers_on(datetime.date(2025, 8, 23)) == {}
    iso = {u.identifier("iso_3166_2", OLD) for u in gazetteer.alive(OLD, level="province")}
    assert (len(iso), None in iso) == (63, False)


def test_unit_of_another_map_on_these_days_is_refused(session: Session, tmp_path: Path) -> None:
    table = "code,value,valid_from\n00082,HN-CN,2025-07-01\n"
    result = load(session, tmp_path, table, map_on=OLD, partial=True)
    assert (result.written, problems(result)) == (False, [(1, "dates_outside_unit")])
    assert load(session, tmp_path, table, partial=True).written


def test_removing_a_scheme_leaves_other_schemes(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, numbered(provinces(session)))
    before = {one.scheme: one.units for one in covered_schemes(session, today())}
    assert remove_unit_identifiers(session, "ghn") == before.pop("ghn") == 34
    assert {one.scheme: one.units for one in covered_schemes(session, today())} == before
    with pytest.raises(InvalidInputError):
        load(session, tmp_path, numbered(provinces(session)), scheme="parcel")
