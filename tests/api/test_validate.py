"""POST /v1/validate."""

from typing import Any

import pytest

from tests.support.factories import swapped
from tests.support.units import open_app
from tests.support.web import Site

PATH = "/v1/validate"


def ask(site: Site, **asked: str | None) -> dict[str, Any]:
    response = site.client.post(PATH, json=asked)
    assert response.status_code == 200, response.text
    assert response.cache_control.no_store
    body: dict[str, Any] = response.get_json()
    return body


def test_certain_match_has_its_code_and_no_question(site: Site) -> None:
    body = ask(site, address="27 Láng, Láng Hạ, Đống Đa, Hà Nội")
    code = site.world.codes["27 Láng"]
    components = body.pop("components")
    assert body.pop("lon") is not None
    assert body.pop("lat") is not None
    assert body.pop("postcode") == "11528"
    assert (body.pop("accuracy_m"), body.pop("point_estimated")) == (None, False)
    assert body == {
        "verdict": "correct",
        "next_action": "use_corrected",
        "message": "Địa chỉ đúng, đã viết lại theo tên gọi hiện nay",
        "message_en": "The door is certain; the address was rewritten as it is called today",
        "code": code,
        "code_display": f"{code[:4]}-{code[4:]}",
        "label": "27 Phố Láng, Phường Láng, Thành phố Hà Nội",
        "label_before_2025_07": "27 Phố Láng, Phường Láng Hạ, Quận Đống Đa, Thành phố Hà Nội",
        "level": "household",
        "commune": {"code": "00199", "name": "Phường Láng"},
        "province": {"code": "01", "name": "Thành phố Hà Nội"},
        "question": None,
        "suggestions": [],
    }
    assert components[2] == {
        "component": "commune",
        "status": "corrected",
        "given": "Phường Láng Hạ",
        "value": "Phường Láng",
    }


def test_mistyped_code_gets_suggested_codes(site: Site) -> None:
    code = site.world.codes["27 Láng"]
    mistyped = swapped(code)
    label = "27 Phố Láng, Phường Láng, Thành phố Hà Nội"
    shown = {"code": code, "code_display": f"{code[:4]}-{code[4:]}", "label": label}
    assert shown in ask(site, address=mistyped)["suggestions"]
    found = site.client.get("/v1/geocode", query_string={"q": mistyped}).get_json()
    assert found["features"] == []
    assert shown in found["suggestions"]


def test_question_gives_the_reason_for_a_rejection(site: Site) -> None:
    code = site.world.codes["27 Láng"]
    for text, why in (
        (swapped(code), "Mã địa chỉ viết sai"),
        ("2HT6-4FP5", "chưa có trong sổ"),
        ("12 Rue de Rivoli, Paris, France", "Không phải địa chỉ ở Việt Nam"),
        ("hello world", "Không nhận ra địa chỉ"),
    ):
        body = ask(site, address=text)
        # Shops show the question alone.
        assert body["question"]["text"].startswith(body["message"]), text
        assert why in body["question"]["text"], text
        assert body["question"]["text_en"].startswith(body["message_en"]), text


def test_former_unit_of_the_same_name_is_confirmed(site: Site) -> None:
    # Today's city is another unit than the one before July 2025, of the same name.
    body = ask(site, address="27 Láng, Phường Bến Nghé, Quận 1, TP HCM")
    province = next(each for each in body["components"] if each["component"] == "province")
    assert province == {
        "component": "province",
        "status": "confirmed",
        "given": "Thành phố Hồ Chí Minh",
        "value": "Thành phố Hồ Chí Minh",
    }


def test_uncertain_match_gets_a_question_with_choices(site: Site) -> None:
    body = ask(site, address="9 Nguyễn Trãi, Phường Láng, Hà Nội")
    assert (body["verdict"], body["next_action"], body["code"]) == ("confirm", "ask_choice", None)
    assert (body["label"], body["lon"]) == (None, None)
    assert body["commune"]["name"] == "Phường Láng"
    choices = body["question"]["choices"]
    assert {c["code"] for c in choices} == {
        site.world.codes[f"9 Nguyễn Trãi {former}"] for former in ("Hạ", "Thượng")
    }
    assert all("Quận Đống Đa" in c["label_before_2025_07"] for c in choices)


def test_picked_choice_is_accepted_as_json_and_form(site: Site) -> None:
    picked = {"address": "27 Láng, Phường Kim Liên, Thành phố Hà Nội"}
    assert ask(site, **picked)["next_action"] == "ask_choice"
    by_json = ask(site, **picked, chosen=True)
    assert by_json["next_action"] == "use_without_code"
    assert site.client.post(PATH, data=picked | {"chosen": "true"}).get_json() == by_json


def test_json_form_and_components_get_the_same_verdict(site: Site) -> None:
    by_json = ask(site, address="27 Láng, Phường Láng, Hà Nội")
    by_form = site.client.post(PATH, data={"address": "27 Láng, Phường Láng, Hà Nội"}).get_json()
    assert by_json == by_form
    parts = {"house_number": "27", "street": "Láng", "commune": "Phường Láng", "province": "Hà Nội"}
    assert ask(site, **parts) == by_json


def test_unit_codes_and_empty_fields_are_accepted(site: Site) -> None:
    named = {"house_number": "27", "street": "Láng", "commune": "Láng", "province": "Hà Nội"}
    expected = site.client.post("/v1/validate", json=named).get_json()
    assert expected["verdict"] == "accept"
    picked = named | {"commune": "00199", "province": "01", "floor": "", "unit": " "}
    assert site.client.post("/v1/validate", data=picked).get_json() == expected
    alone = {"house_number": "27", "street": "Láng", "commune": "00199", "province": ""}
    assert site.client.post("/v1/validate", data=alone).get_json() == expected


@pytest.mark.parametrize(
    "text", ["!!!", "x", "漢字", "مرحبا", "Rue de Rivoli, Paris, France", "';--"]
)
def test_text_that_is_not_an_address_is_rejected_in_vietnamese(site: Site, text: str) -> None:
    body = ask(site, address=text)
    assert (body["verdict"], body["code"], body["components"]) == ("reject", None, [])
    assert body["question"]["text"].startswith(body["message"])  # which says why
    assert "Vui lòng nhập số nhà" in body["question"]["text"]


@pytest.mark.parametrize("text", ["", "  "])
def test_blank_address_is_asked_again(site: Site, text: str) -> None:
    body = ask(site, address=text)
    assert (body["verdict"], body["next_action"]) == ("reject", "ask_again")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello world", "Không nhận ra địa chỉ"),
        ("12 Rue de Rivoli, Paris, France", "Không phải địa chỉ ở Việt Nam"),
        ("2HT6-4FP6", "Mã địa chỉ viết sai, vui lòng kiểm tra lại"),
        ("2HT6-4FP5", "Mã địa chỉ này chưa có trong sổ đăng ký"),
    ],
)
def test_rejection_gives_a_reason(site: Site, text: str, message: str) -> None:
    body = ask(site, address=text)
    assert (body["verdict"], body["message"]) == ("reject", message)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "text_or_components"),
        ({"address": "x" * 10_000}, "string_too_long"),
        ({"address": "a\0b"}, "nul_character"),
        ({"address": 12}, "string_type"),
        ({"address": "27 Láng", "street": "Láng"}, "text_or_components"),
        ({"q": "27 Láng"}, "unknown_parameter"),
    ],
)
def test_invalid_request_is_refused_with_the_field_named(
    site: Site, asked: dict[str, object], code: str
) -> None:
    response = site.client.post(PATH, json=asked)
    assert response.status_code == 422
    assert code in {error["code"] for error in response.get_json(force=True)["errors"]}


def test_address_in_the_url_is_refused(site: Site) -> None:
    assert site.client.post(f"{PATH}?address=27+Lang", json={"address": "27"}).status_code == 422
    assert site.client.get(PATH, query_string={"address": "27 Láng"}).status_code == 405


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff\xfe", b'{"address": "\xff"}', b"null"])
def test_undecodable_body_is_refused(site: Site, body: bytes) -> None:
    response = site.client.post(PATH, data=body, content_type="application/json")
    assert response.status_code in (400, 422)
    assert response.content_type == "application/problem+json"


def test_stopped_database_is_503() -> None:
    with open_app("postgresql://nobody@127.0.0.1:1/nothing") as app:
        assert app.test_client().post(PATH, json={"address": "27 Láng"}).status_code == 503


def test_unknown_field_lists_the_known_ones(site: Site) -> None:
    """Geocoding takes `q`, and so it is tried here as well."""
    problem = site.client.post(PATH, json={"q": "27 Láng"}).get_json()
    assert problem["detail"].startswith("q: không có tham số này")
    assert ", province, postcode, ids, scheme, postal, address" in problem["detail"]


@pytest.mark.parametrize(
    "beside",
    [
        {"commune": "Láng", "province": "Hà Nội"},
        {"commune": "Phường Láng", "district": "", "province": "Hà Nội"},
        {"commune": "00199"},
        {"commune": "00199", "province": "01"},
    ],
)
def test_units_complete_a_text(site: Site, beside: dict[str, str]) -> None:
    """As forms of shops ask: a line for the door, and lists for the units, by name or by code."""
    whole = ask(site, address="Số 5A, ngách 34, ngõ 12 Láng, Phường Láng, Hà Nội")
    parts = ask(site, address="Số 5A, ngách 34, ngõ 12 Láng", **beside)
    assert parts["verdict"] == "accept"
    assert parts["code"] == whole["code"] == site.world.codes["12/34/5A Láng"]


def test_unknown_code_beside_a_text_is_reported(site: Site) -> None:
    asked = {"address": "27 Láng, Phường Láng, Hà Nội"}
    assert ask(site, **asked)["code"] is not None
    assert ask(site, **asked, commune="99999")["verdict"] == "confirm"


def test_blank_fields_are_ignored(site: Site) -> None:
    blank = dict.fromkeys(("house_number", "locality", "building", "floor", "unit"), " ")
    assert ask(site, **blank, address="27 Láng, Phường Láng, Hà Nội") == ask(
        site, address="27 Láng, Phường Láng, Hà Nội"
    )
    assert ask(site, **blank, street="Láng", commune="Láng", province="Hà Nội") == ask(
        site, street="Láng", commune="Láng", province="Hà Nội"
    )
