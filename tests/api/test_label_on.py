"""Labels of another day: of lookup, searches and exports, through reforms and decisions."""

import csv
import datetime
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import Range

from registry.core.errors import InvalidInputError
from registry.core.events import write_scope
from registry.publish.export.run import ExportOptions, export_file
from registry.records.record import record_wording
from registry.units.gazetteer import today
from scripts.main import diachiso
from tests.support import reform
from tests.support.factories import TEST, make_household, make_unit
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG, Town
from tests.support.lifecycle import town as open_town
from tests.support.tables import AdminUnitSuccession
from tests.support.units import open_app, read_gazetteer

OLD = "12 Phố Láng, Phường Láng Hạ, Quận Đống Đa, Thành phố Hà Nội"
TODAY = "21 Đường Võ Văn Kiệt, Tổ 3, Phường Thành Láng, Thành phố Hà Nội"
LABELS = {
    "2024-01-01": "12 Phố Láng, Tổ 3, Phường Láng Hạ, Quận Đống Đa, Thành phố Hà Nội",
    "30/6/2025": "12 Phố Láng, Tổ 3, Phường Láng Hạ, Quận Đống Đa, Thành phố Hà Nội",
    "2025-07-01": "12 Phố Láng, Tổ 3, Phường Láng, Thành phố Hà Nội",
    "2026-02-15": "12 Phố Láng, Tổ 3, Phường Láng Mới, Thành phố Hà Nội",
    "2026-03-01": "12 Phố Láng, Tổ 3, Phường Thành Láng, Thành phố Hà Nội",
    "2098-12-31": TODAY,
    "2099-01-01": TODAY.replace("Thành Láng", "Láng Thành"),
}
"""Day → the label of a door whose commune, street and number were all changed since."""


@dataclass(frozen=True)
class Story:
    """A register after two reforms, and some of its doors."""

    client: FlaskClient
    town: Town
    known: str
    """Its commune of before July 2025 is on record."""
    unknown: str
    """Of this one it is not."""
    new: str
    """In a commune that no map had before."""

    def label_on(self, code: str, on: str) -> Any:
        return self.client.get(f"/v1/addresses/{code}?on={on}").get_json(force=True)


@pytest.fixture(scope="module")
def story(admin_url: str, worker_id: str) -> Iterator[Story]:
    with open_town(admin_url, f"label_on_{worker_id}") as town, open_app(town.url) as app:
        yield _build_story(town, app.test_client())


def _build_story(town: Town, client: FlaskClient) -> Story:
    town.do("name-locality", commune=COMMUNE, locality="Tổ 3")
    known = town.house("13", former_commune=COMMUNE, locality="Tổ 3", **LANG)
    # A mistake was never on the door.
    town.do("correct", code=known, house_number="12")
    unknown = town.house("14")
    units = read_gazetteer(town.engine).alive(_day(2026, 1), level="commune")
    lang, there = (unit.id for unit in units if unit.code in (COMMUNE, "00229"))
    reform.change_name(town.engine, lang, _day(2026, 2), name="Láng Mới", kind=None)
    both = [lang, there]
    merged = reform.merge(town.engine, both, _day(2026, 3), code="99001", name="Thành Láng")
    reform.change_name(town.engine, merged, _day(2099, 1), name="Láng Thành", kind=None)
    street = {"commune": "99001", "street": "Phố Láng"}
    town.do("rename-street", **street, new_name="Đường Võ Văn Kiệt")
    town.do("renumber", code=known, house_number="21")
    with write_scope(town.engine, TEST) as session:
        born = make_unit(session, lifetime=Range(_day(2026, 5), None), name="Bãi Bồi")
        new = make_household(session, unit_id=born)
    return Story(client, town, known, unknown, new)


def _day(year: int, month: int) -> datetime.date:
    return datetime.date(year, month, 1)


@pytest.mark.parametrize(("on", "label"), LABELS.items())
def test_label_of_each_day(story: Story, on: str, label: str) -> None:
    body = story.label_on(story.known, on)
    assert body["label"] == TODAY
    assert body["label_on"]["label"] == label
    assert len(body["label_on"]["communes"]) == 1


def test_label_before_july_2025_is_the_one_of_its_last_day(story: Story) -> None:
    body = story.label_on(story.known, "2025-06-30")
    assert body["label_before_2025_07"] == body["label_on"]["label"] == LABELS["30/6/2025"]
    assert "label_on" not in story.client.get(f"/v1/addresses/{story.known}").get_json()


def test_unknown_commune_is_not_guessed(story: Story) -> None:
    body = story.label_on(story.unknown, "2025-06-30")
    assert body["label_before_2025_07"] is None
    assert body["label_on"]["label"] is None
    names = {unit["name"] for unit in body["label_on"]["communes"]}
    assert {"Phường Láng Hạ", "Phường Láng Thượng"} <= names
    later = story.label_on(story.unknown, "2025-07-01")["label_on"]
    assert later["label"] == "14 Phố Láng, Phường Láng, Thành phố Hà Nội"


@pytest.mark.parametrize(
    ("on", "code"),
    [
        ("2023-12-31", "day_too_early"),
        ("2025-02-30", "malformed_day"),
        ("hôm qua", "malformed_day"),
        ("", "malformed_day"),
    ],
)
def test_invalid_day_is_refused(story: Story, on: str, code: str) -> None:
    asked = {"on": on}
    for response in (
        story.client.get(f"/v1/addresses/{story.known}", query_string=asked),
        story.client.get("/v1/geocode", query_string=asked | {"q": TODAY}),
        story.client.post("/v1/validate", json=asked | {"address": TODAY}),
    ):
        assert response.status_code == 422
        assert [error["code"] for error in response.get_json(force=True)["errors"]] == [code]


def test_day_before_any_map_of_the_commune_is_refused(story: Story) -> None:
    body = story.label_on(story.new, "2026-04-30")
    assert (body["status"], body["errors"][0]["code"]) == (422, "unit_unknown_then")
    assert story.label_on(story.new, "2026-05-01")["label_on"]["label"]


def test_geocode_and_validate_return_the_label_of_a_day(story: Story) -> None:
    on = {"on": "2026-02-15"}
    found = story.client.get("/v1/geocode", query_string=on | {"q": TODAY}).get_json()
    assert found["features"][0]["properties"]["label_on"]["label"] == LABELS["2026-02-15"]
    answer = story.client.post("/v1/validate", json=on | {"address": OLD}).get_json()
    assert (answer["code"], answer["label_on"]["label"]) == (story.known, LABELS["2026-02-15"])
    assert "label_on" not in story.client.post("/v1/validate", json={"address": OLD}).get_json()
    # A street may have had another name.
    street = {"address": "Đường Võ Văn Kiệt, Phường Thành Láng, Hà Nội"}
    answered = story.client.post("/v1/validate", json=on | street).get_json()["label_on"]
    assert (answered["door"], answered["door_known"]) == ("Đường Võ Văn Kiệt", False)
    found = story.client.get("/v1/geocode", query_string=on | {"q": street["address"]}).get_json()
    dated = found["features"][0]["properties"]["label_on"]
    assert (dated["commune"], dated["door_known"]) == (answered["commune"], False)


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("lookup", {"code": "{code}"}),
        ("geocode", {"q": TODAY, "limit": 1}),
        ("reverse", {"lon": LANG["lon"], "lat": LANG["lat"]}),
        ("validate", {"address": OLD}),
    ],
)
def test_batch_returns_the_label_of_a_day_for_each_row(
    story: Story, operation: str, asked: dict[str, object]
) -> None:
    day, other = "2026-02-15", "2026-03-01"
    asked = {name: story.known if value == "{code}" else value for name, value in asked.items()}
    rows = (asked, asked | {"on": other}, asked | {"on": "1900-01-01"})
    path = f"/v1/batch/{operation}?on={day}"
    answered = story.client.post(
        path, data="\n".join(map(json.dumps, rows)), content_type="application/x-ndjson"
    )
    first, second, third = (json.loads(line)["result"] for line in answered.text.splitlines())
    for result, on in ((first, day), (second, other)):
        answer = result["answer"]
        found = answer["features"][0]["properties"] if "features" in answer else answer
        assert found["label_on"]["label"] == LABELS[on]
    assert third["problem"]["errors"][0]["code"] == "day_too_early"
    names = {"q": "address"}
    cells = {names.get(name, name): str(value) for name, value in asked.items() if name != "limit"}
    out = io.StringIO()
    writer = csv.DictWriter(out, cells)
    writer.writeheader()
    writer.writerow(cells)
    table = story.client.post(path, data=out.getvalue().encode(), content_type="text/csv")
    (line,) = csv.DictReader(io.StringIO(table.text))
    assert line["result_label_on"] == LABELS[day]


def test_file_of_codes_has_a_column_for_the_label(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", story.town.url)
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(f"code\n{story.known}\n{story.new}\n", encoding="utf-8")
    command = ["lookup", str(source), str(target), "--on", "2026-02-15", "--processes", "1"]
    assert CliRunner().invoke(diachiso, command).exit_code == 0
    with target.open(encoding="utf-8") as rows:
        labels = [row["result_label_on"] for row in csv.DictReader(rows)]
    assert labels == [LABELS["2026-02-15"], ""]
    worded = ["--wording", "before:2026-02-16", "--scheme", "iso_3166_2", "--processes", "1"]
    assert CliRunner().invoke(diachiso, [*command[:3], *worded]).exit_code == 0
    with target.open(encoding="utf-8") as rows:
        found = [
            (r["result_label_on"], r["result_province_on_id_iso_3166_2"])
            for r in csv.DictReader(rows)
        ]
    assert found == [(LABELS["2026-02-15"], "VN-HN"), ("", "")]
    unknown = CliRunner().invoke(diachiso, [*command[:3], "--scheme", "gkn"])
    assert isinstance(unknown.exception, InvalidInputError)
    assert CliRunner().invoke(diachiso, [*command[:3], "--wording", "old"]).exit_code == 2


@pytest.mark.parametrize("on", ["2026-02-15", "2025-06-30"])
def test_export_has_a_column_for_the_label(story: Story, tmp_path: Path, on: str) -> None:
    file = tmp_path / "ho.csv"
    day = datetime.date.fromisoformat(on)
    export_file(story.town.engine, file, ExportOptions("csv", on=day))
    with file.open(encoding="utf-8") as rows:
        labels = {row["code"]: row["address_on"] or None for row in csv.DictReader(rows)}
    assert story.known in labels
    for code in (story.known, story.unknown):
        assert labels[code] == story.label_on(code, on)["label_on"]["label"]


def test_former_commune_may_be_of_any_earlier_map(story: Story) -> None:
    day = _day(2026, 4)
    with write_scope(story.town.engine, TEST) as session:
        old, other = (
            make_unit(session, code=code, name=name, lifetime=Range(None, day))
            for code, name in (("88001", "Thượng"), ("88002", "Hạ"))
        )
        new = make_unit(session, code="88003", name="Thượng Hạ", lifetime=Range(day, None))
        step = {"successor_id": new, "extent": "full", "effective_on": day, "source": "tests"}
        rows = [step | {"predecessor_id": unit} for unit in (old, other)]
        session.execute(insert(AdminUnitSuccession), rows)
    here = {"commune": "88003", "lon": 105.8, "lat": 21.0}
    code = story.town.house("5", None, former_commune="88001", **here)
    record, known = story.town.record(code), read_gazetteer(story.town.engine)
    assert record.former_unit_id == old
    found = record_wording(known, today(), record, datetime.date(2026, 3, 31)).on
    assert found is not None
    assert found.label == "5, Xã Thượng"
    with pytest.raises(InvalidInputError, match="no former commune"):
        story.town.house("6", None, former_commune="88003", **here)


def test_other_communes_are_unaffected(story: Story) -> None:
    code = story.town.house("1", None, commune=ELSEWHERE)
    body = story.label_on(code, "2025-08-01")
    assert body["label_on"]["label"] == body["label"]
