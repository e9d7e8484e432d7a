"""Units over HTTP: lists, one, conversion, picker."""

import datetime
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.v1.units import MAX_AGE_S
from registry.core.database import OWNER_ROLE, make_engine
from registry.units.gazetteer import Gazetteer
from tests.support.reform_to_come import BASIS, DAY, it_is, plan_reform
from tests.support.units import open_app


def get(client: FlaskClient, path: str, **query: Any) -> dict[str, Any]:
    response = client.get(path, query_string=query)
    assert response.status_code == 200, response.text
    assert response.content_type == "application/json"
    body: dict[str, Any] = response.get_json()
    return body


def test_list_pages_through_all_units_of_a_day(client: FlaskClient) -> None:
    codes: list[str] = []
    for offset in range(0, 4_000, 1_000):
        page = get(client, "/v1/units", as_of="2026-10-01", limit=1000, offset=offset)
        assert page["total"] == 3_355
        codes += [unit["code"] for unit in page["units"]]
    assert len(codes) == len(set(codes)) == 3_355


def test_list_is_filtered_by_name_level_and_province(client: FlaskClient) -> None:
    page = get(client, "/v1/units", q="ba dinh", level="commune", province="01")
    assert [unit["full_name"] for unit in page["units"]] == ["Phường Ba Đình"]
    old = get(client, "/v1/units", q="Ba Đình", as_of="2025-06-30", level="district")
    assert [unit["full_name"] for unit in old["units"]] == ["Quận Ba Đình"]
    assert old["as_of"] == "2025-06-30"


def test_name_on_the_former_map_is_reported_with_its_day(client: FlaskClient) -> None:
    now = get(client, "/v1/units", q="quan 3")
    assert now["units"] == []
    assert now["earlier"]["as_of"] == "2025-06-30"
    then = get(client, "/v1/units", q="quan 3", as_of=now["earlier"]["as_of"])
    assert then["units"][0]["full_name"] == "Quận 3"
    assert then["total"] == now["earlier"]["total"]
    for query in ({"q": "ba dinh"}, {"q": "khong co"}, {"q": "khong co", "as_of": "2025-06-30"}):
        assert "earlier" not in get(client, "/v1/units", **query)


def test_json_keeps_member_order_and_unicode(client: FlaskClient) -> None:
    body = client.get("/v1/units?q=00004").text
    assert '"full_name":"Phường Ba Đình"' in body
    assert list(json.loads(body)) == ["as_of", "total", "units"]
    assert list(json.loads(body)["units"][0])[:3] == ["code", "level", "kind"]


def test_unit_has_names_predecessors_and_other_units_with_its_code(client: FlaskClient) -> None:
    unit = get(client, "/v1/units/00004")
    assert unit["alive"] is True
    assert unit["full_name_en"] == "Ba Dinh Ward"
    assert unit["province"] == {"code": "01", "name": "Thành phố Hà Nội"}
    assert unit["seat"].keys() == {"lon", "lat"}
    assert "Phường Trúc Bạch" in {step["unit"]["full_name"] for step in unit["predecessors"]}
    assert [other["full_name"] for other in unit["same_code"]] == ["Phường Trúc Bạch"]
    assert [goal["extent"] for goal in unit["today"]] == ["unchanged"]


def test_former_unit_is_shown_as_it_was(client: FlaskClient) -> None:
    unit = get(client, "/v1/units/00004", as_of="2025-06-30")
    assert unit["full_name"] == "Phường Trúc Bạch"
    assert unit["district"] == {"code": "001", "name": "Quận Ba Đình"}
    assert [goal["unit"]["full_name"] for goal in unit["today"]] == ["Phường Ba Đình"]


def test_former_unit_is_found_without_a_day(client: FlaskClient) -> None:
    unit = get(client, "/v1/units/00010")
    assert unit["alive"] is False
    assert unit["today"][0]["via"][0]["full_name"] == "Phường Trúc Bạch"


@pytest.mark.thorough
def test_every_unit_returns_short_lists(client: FlaskClient, gazetteer: Gazetteer) -> None:
    codes = {unit.code for unit in gazetteer.units.values()}
    wanted = [*sorted(codes)[::25], "79", "769", "00004"]
    for code in wanted:
        unit = get(client, f"/v1/units/{code}")
        lists = {name: len(value) for name, value in unit.items() if isinstance(value, list)}
        assert max(lists.values()) <= 50, (code, lists)
    steps = [
        len(known)
        for unit in gazetteer.units.values()
        for known in (gazetteer.predecessors(unit), gazetteer.successors(unit), unit.aliases)
    ]
    assert max(steps) <= 50


def test_large_response_is_compressed_when_accepted(client: FlaskClient) -> None:
    plain = client.get("/v1/units/picker")
    packed = client.get("/v1/units/picker", headers={"Accept-Encoding": "br;q=1, gzip;q=0.5"})
    assert plain.content_encoding is None
    assert packed.content_encoding == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 4
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in plain.vary
    again = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
    assert client.get("/v1/units/picker", headers=again).status_code == 304
    refused = client.get("/v1/units/picker", headers={"Accept-Encoding": "gzip;q=0"})
    assert refused.content_encoding is None
    small = client.get("/v1/units/00004", headers={"Accept-Encoding": "gzip"})
    assert small.content_encoding is None


def test_older_text_is_read_on_the_oldest_map(client: FlaskClient) -> None:
    old = get(client, "/v1/units/convert", code="00004", written_on="1995-01-01")
    oldest = get(client, "/v1/units/convert", code="00004", written_on="2024-01-01")
    assert old["matches"] == oldest["matches"]


def test_split_commune_converts_to_all_candidates(client: FlaskClient) -> None:
    body = get(client, "/v1/units/convert", code="27457")
    assert body["ambiguous"] is True
    (match,) = body["matches"]
    assert [(to["unit"]["code"], to["extent"]) for to in match["to"]] == [
        ("27457", "partial"),
        ("27595", "partial"),
    ]


def test_converted_text_includes_the_unread_part(client: FlaskClient) -> None:
    text = "12 Quán Thánh, P. Trúc Bạch, Q. Ba Đình, Hà Nội"
    (match,) = get(client, "/v1/units/convert", text=text)["matches"]
    assert match["from"]["full_name"] == "Phường Trúc Bạch"
    assert [unit["code"] for unit in match["named"]] == ["00004", "001", "01"]
    assert match["unread"] == ["12 Quán Thánh"]
    assert [to["unit"]["full_name"] for to in match["to"]] == ["Phường Ba Đình"]


def test_several_readings_that_agree_are_not_ambiguous(client: FlaskClient) -> None:
    body = get(client, "/v1/units/convert", text="TP. Hồ Chí Minh")
    assert len(body["matches"]) == 2
    assert body["ambiguous"] is False


def test_text_without_units_converts_to_nothing(client: FlaskClient) -> None:
    body = get(client, "/v1/units/convert", text="12 Quán Thánh")
    assert (body["ambiguous"], body["matches"]) == (False, [])


def test_upcoming_change_is_announced_until_its_day(
    fresh_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = fresh_database()
    engine = make_engine(url, role=OWNER_ROLE)
    plan_reform(engine)
    engine.dispose()
    it_is(monkeypatch, DAY, before=90)
    with open_app(url) as app:
        client = app.test_client()
        unit = get(client, "/v1/units/97001")
        vi, en = "Xã Đông Hoà nhập vào Phường Tây Đông Hoà", "merged into Tây Đông Hoà Ward"
        assert unit["announced"] == [
            {
                "day": DAY.isoformat(),
                "change": "ended",
                "full_name": "Xã Đông Hoà",
                "kind": "xa",
                "province": {"code": "97", "name": "Tỉnh Đại Thanh Bình"},
                "units": [{"code": "97001", "name": "Phường Tây Đông Hoà", "extent": "full"}],
                "legal_basis": BASIS,
                "message": f"Từ {DAY:%d/%m/%Y} {vi} ({BASIS})",
                "message_en": f"On {DAY} Đông Hoà Commune is {en} ({BASIS})",
            }
        ]
        assert unit["lifetime"]["to"] is None
        assert client.get("/v1/units/97001").headers["Cache-Control"] == "public, max-age=90"
        assert get(client, "/v1/units/picker")["changes_on"] == DAY.isoformat()
        for language, expected in (("vi", "message"), ("en", "message_en")):
            client.set_cookie("lang", language)
            page = client.get("/coverage/97001").text
            assert unit["announced"][0][expected] in page
    it_is(monkeypatch, DAY)
    with open_app(url) as app:
        unit = get(app.test_client(), "/v1/units/97001")
        assert (unit["full_name"], unit["announced"]) == ("Phường Tây Đông Hoà", [])
        assert unit["predecessors"][0]["unit"]["lifetime"]["to"] == DAY.isoformat()


def test_conversion_is_not_cacheable(client: FlaskClient) -> None:
    response = client.get("/v1/units/convert?text=Hà+Nội")
    assert response.headers["Cache-Control"] == "no-store"


def test_picker_has_two_levels(client: FlaskClient) -> None:
    body = get(client, "/v1/units/picker", as_of="2026-10-01")
    assert len(body["provinces"]) == 34
    assert sum(len(province["communes"]) for province in body["provinces"]) == 3_321
    old = get(client, "/v1/units/picker", as_of="2025-06-30")
    assert len(old["provinces"]) == 63


@pytest.mark.parametrize(
    "path", ["/v1/units/picker", "/v1/units?limit=1000", "/v1/units/00004", "/v1/units?q=zzzz"]
)
def test_cacheable_response_is_304_when_unchanged(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    assert first.headers["Cache-Control"] == f"public, max-age={MAX_AGE_S}"
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    other = client.get(path, headers={"If-None-Match": '"other"'})
    assert other.data == first.data
    head = client.head(path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == first.headers["ETag"]


def test_etag_differs_by_day(client: FlaskClient) -> None:
    tags = {
        client.get("/v1/units/picker", query_string={"as_of": day}).headers["ETag"]
        for day in ("2025-06-30", "2025-07-01", "2026-10-01")
    }
    assert len(tags) == 3


def test_tomorrow_is_refused(client: FlaskClient) -> None:
    tomorrow = datetime.date.today() + datetime.timedelta(days=2)  # noqa: DTZ011
    for path in ("/v1/units", "/v1/units/00004", "/v1/units/picker"):
        response = client.get(path, query_string={"as_of": tomorrow.isoformat()})
        assert response.status_code == 422
        assert response.get_json()["errors"][0]["code"] == "day_in_future"


def test_unit_is_found_by_its_identifier_in_another_scheme(client: FlaskClient) -> None:
    found = get(client, "/v1/units", scheme="postcode", value="11528", ids="true")
    assert [unit["full_name"] for unit in found["units"]] == ["Phường Láng"]
    assert found["units"][0]["ids"] == {"postcode": "11528"}
    assert found["units"][0]["postcode"] == "11528"
    assert get(client, "/v1/units/00199", ids="true")["ids"] == {"postcode": "11528"}
    assert "ids" not in get(client, "/v1/units/00199")
    assert get(client, "/v1/units/00199", scheme="postcode")["ids"] == {"postcode": "11528"}
    assert get(client, "/v1/units/01", scheme="postcode")["ids"] == {}
    for value in ("11528", "VN-HN"):
        lost = client.get(f"/v1/units/{value}?scheme=postcode")
        assert lost.status_code == 404
        assert f"/v1/units?scheme=postcode&value={value}" in lost.get_json()["detail"]
    assert client.get("/v1/units/00199?scheme=gnh").status_code == 422
    # Hà Giang has ended, and no code of its successor is known.
    gone = get(client, "/v1/units", scheme="iso_3166_2", value="VN-03")
    assert (gone["total"], gone["earlier"]["as_of"]) == (0, "2025-06-30")
    then = get(client, "/v1/units", scheme="iso_3166_2", value="VN-03", as_of="2025-06-30")
    assert [unit["full_name"] for unit in then["units"]] == ["Tỉnh Hà Giang"]
    assert get(client, "/v1/units", scheme="postcode", value="5127")["total"] == 1
    assert get(client, "/v1/units", scheme="postcode", value="99999")["total"] == 0
    for wrong in (
        "scheme=gnh&value=1",
        "scheme=postcode",
        "value=1",
        "scheme=Post&value=1",
        f"scheme=a&value={'x' * 201}",
    ):
        assert client.get(f"/v1/units?{wrong}").status_code == 422
