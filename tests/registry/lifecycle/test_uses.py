"""Uses at a door: set by an operation, undone, found by name, inherited."""

from pathlib import Path
from typing import Any

import pytest

from registry.core.database import session_scope
from registry.core.errors import GoneError, InvalidInputError
from registry.publish.export.run import ExportOptions, export_file
from registry.publish.features.doors import households
from registry.publish.features.query import FeatureQuery
from registry.search.autocomplete import Typing, autocomplete
from registry.search.autocomplete.place_names import PlaceNames
from registry.search.geocode import Question, geocode
from registry.units.gazetteer import Gazetteer
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.intake import checksum
from tests.support.lifecycle import COMMUNE, LANG, Town

SCHOOL = {"use": "public_place", "name": "Trường Tiểu học Kim Liên"}


def known(place: Town) -> Gazetteer:
    with session_scope(place.engine) as session:
        return load_gazetteer(session)


def found(place: Town, text: str) -> list[tuple[str | None, tuple[str, ...]]]:
    """Codes and faults of the answers to a text."""
    answers = geocode(known(place), place.reads, Question(text))
    return [(each.record.code if each.record else None, each.faults) for each in answers]


def suggested(place: Town, text: str) -> list[tuple[str, str | None]]:
    names = PlaceNames(place.reads).get()
    lines = autocomplete(known(place), place.reads, names, Typing(text))
    return [(line.label, line.code) for line in lines]


def test_uses_are_set_counted_shown_in_history_and_undone(place: Town) -> None:
    code = place.house("101", **LANG)
    before = checksum(place.engine)
    done = place.do(
        "uses",
        code=code,
        uses=[
            SCHOOL,
            {"use": "office", "name": "UBND phường Láng", "since": "1/7/2025"},
            {"use": "works", "until": "2030-01-01"},
        ],
    )

    record = place.record(code)
    assert (record.households_count, [each["use"] for each in record.uses or ()]) == (
        0,
        ["public_place", "office", "works"],
    )
    assert place.rows(
        "SELECT use, name_key, lower(valid)::text, upper(valid)::text FROM household_use"
        " WHERE code = :code ORDER BY use",
        code=code,
    ) == [
        ("office", "uy ban nhan dan phuong lang", "2025-07-01", None),
        ("public_place", "truong tieu hoc kim lien", None, None),
        ("works", None, None, "2030-01-02"),
    ]
    changes: Any = {c.field: c.after for c in place.steps(code)[-1].changes}
    assert changes["uses"][0] == SCHOOL  # and not by what it is matched
    assert changes["households_count"] == 0

    place.do("undo", event_id=done.event_id, reason="nhầm nhà")
    assert checksum(place.engine) == before
    assert place.rows("SELECT FROM household_use WHERE code = :code", code=code) == []

    place.do("uses", code=code, uses=[{"use": "dwelling"}])
    assert place.record(code).uses is None


@pytest.mark.parametrize(
    ("uses", "field", "problem"),
    [
        ([{"use": "castle"}], "uses.0.use", "literal_error"),
        ([{"use": "business", "name": "Trần Thị Mai"}], "uses.0.name", "personal_data"),
        (
            [{"use": "business", "name": "Công ty Sao, LH: anh Nam"}],
            "uses.0.name",
            "personal_data",
        ),
        *(
            ([{"use": "works", "name": n}], "uses.0.name", "no_name")
            for n in ("-", "Quán …", "N/A")
        ),
        ([SCHOOL, SCHOOL], "uses.1", "given_twice"),
        (
            [SCHOOL | {"since": "2026-02-01", "until": "2026-01-31"}],
            "uses.0.until",
            "before_since",
        ),
        ([SCHOOL | {"since": "31/02/2026"}], "uses.0.since", "malformed_day"),
    ],
)
def test_invalid_use_is_refused(
    place: Town, uses: list[dict[str, str]], field: str, problem: str
) -> None:
    from pydantic import ValidationError

    code = place.house(f"7{len(field)}{len(str(uses))}")
    with pytest.raises((InvalidInputError, ValidationError)) as raised:
        place.do("uses", code=code, uses=uses)
    if isinstance(raised.value, InvalidInputError):
        errors: Any = raised.value.extra["errors"]
        assert [(each["field"], each["code"]) for each in errors] == [(field, problem)]
    else:
        (error,) = raised.value.errors()
        assert (".".join(map(str, error["loc"])), error["type"]) == (field, problem)


def test_doors_are_found_by_the_names_of_their_uses(place: Town, tmp_path: Path) -> None:
    place.street("Phố Hoàng Ngân")
    office = place.house("2", "Phố Hoàng Ngân", **LANG)
    school = place.house("4", "Phố Hoàng Ngân", **LANG)
    clinic = place.house("6", "Phố Hoàng Ngân", **LANG)
    home = place.house("8", "Phố Hoàng Ngân", **LANG)
    uses = {
        office: [{"use": "office", "name": "UBND phường Láng"}],
        school: [SCHOOL, {"use": "dwelling"}],
        clinic: [{"use": "public_place", "name": "Bệnh viện Bạch Mai"}],
    }
    for code, given in uses.items():
        place.do("uses", code=code, uses=given)

    assert found(place, "UBND phường Láng")[0] == (office, ("province_missing",))
    assert found(place, "uy ban nhan dan phuong lang, ha noi")[0][0] == office
    assert found(place, "BV Bạch Mai, Hà Nội")[0][0] == clinic
    for elsewhere in ("99 Phố Hoàng Ngân", "Phố Láng"):
        asked = found(place, f"BV Bạch Mai, {elsewhere}, Phường Láng, Hà Nội")
        assert "name_contradicts_text" in dict(asked).get(clinic, ()), asked
    assert found(place, "Trường TH Kim Liên, Phường Láng")[0] == (school, ("province_supposed",))
    assert found(place, "Tiểu học Kim Liên") == [(school, ("commune_missing", "province_missing"))]
    # In another province, with other diacritics, or truncated it is another one.
    for other in ("BV Bạch Mai, Cà Mau", "Bệnh viện Bách Mai", "Bệnh viện Bạch", "Bệnh viện"):
        assert clinic not in [code for code, _ in found(place, other)]
    # A home whose number is given comes first.
    assert [code for code, _ in found(place, "8 Hoàng Ngân, UBND phường Láng")][:2] == [
        home,
        office,
    ]
    # Two of the same name are ambiguous.
    other = place.house("10", "Phố Hoàng Ngân", **LANG)
    place.do("uses", code=other, uses=[SCHOOL])
    expected = dict(found(place, "Trường Tiểu học Kim Liên"))
    assert expected.keys() >= {school, other}
    assert all("ambiguous" in expected[each] for each in (school, other))

    label = "6 Phố Hoàng Ngân, Phường Láng, Thành phố Hà Nội"
    assert suggested(place, "BV Bạch")[0] == (f"Bệnh viện Bạch Mai, {label}", clinic)
    assert [code for _, code in suggested(place, "tieu hoc k")][:2] == sorted([school, other])
    for typed in ("Bệnh viện Bạch M", "bệnh viện b"):
        assert suggested(place, typed)[0][1] == clinic, typed
    eatery = place.house("12", "Phố Hoàng Ngân", **LANG)
    place.do("uses", code=eatery, uses=[{"use": "business", "name": "Quán Phở Thìn"}])
    assert suggested(place, "Quán Phở Th")[0][1] == eatery
    place.do("correct", code=clinic, restricted=True)
    assert clinic not in [code for _, code in suggested(place, "BV Bạch")]
    assert clinic not in [code for code, _ in found(place, "BV Bạch Mai, Hà Nội")]

    # By use, in layers and exports; as texts that an import reads.
    with session_scope(place.engine) as session:
        for use, codes in (("office", [office]), ("dwelling", [school, home])):
            page = households(session, known(place), FeatureQuery(100, unit=COMMUNE, use=use))
            expected = {each.id: each.properties["uses"] for each in page.features}
            assert expected.keys() >= set(codes)
            assert not expected.keys() & ({office, other} - set(codes))
    assert expected[school] == "public_place: Trường Tiểu học Kim Liên; dwelling"
    out = tmp_path / "offices.csv"
    made = export_file(place.engine, out, ExportOptions("csv", COMMUNE, use="office"))
    assert made.records == 1
    assert "office: UBND phường Láng" in out.read_text(encoding="utf-8")


def test_merged_records_keep_their_uses(place: Town) -> None:
    one, two = place.house("201"), place.house("203")
    place.do("uses", code=one, uses=[{"use": "public_place", "name": "Trường Mầm non Hoa Mai"}])
    place.do("merge", codes=[one], into=two, reason="một trường")
    assert [each["use"] for each in place.record(two).uses or ()] == ["dwelling", "public_place"]
    with pytest.raises(GoneError):
        place.record(one)
