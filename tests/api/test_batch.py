"""POST /v1/batch/{operation}: every row as it would be answered alone."""

import csv
import datetime
import io
import json
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from api.core.context import EXTENSION
from geo.code import format as code_display
from geo.code import from_serial
from registry.search.faults import FAULTS
from tests.support.factories import swapped
from tests.support.search_world import LANG
from tests.support.thorough import examples
from tests.support.units import open_app
from tests.support.web import Site

NDJSON = "application/x-ndjson"


def post(site: Site, operation: str, body: bytes | str, kind: str = NDJSON) -> TestResponse:
    return site.client.post(f"/v1/batch/{operation}", data=body, content_type=kind)


def answered(site: Site, operation: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    response = post(site, operation, "\n".join(map(json.dumps, rows)))
    assert response.status_code == 200, response.text
    assert response.mimetype == NDJSON
    assert response.cache_control.no_store
    return [json.loads(line) for line in response.text.splitlines()]


def alone(site: Site, operation: str, row: dict[str, Any]) -> TestResponse:
    if operation == "lookup":
        return site.client.get(f"/v1/addresses/{row['code']}")
    return site.client.post(f"/v1/{operation}", json=row)


ADDRESSES = [
    "27 Láng, Phường Láng, Hà Nội",
    "27 Láng",
    "28 Láng, Phường Láng, Hà Nội",
    "9 Nguyễn Trãi, Phường Láng, Hà Nội",
    "Hà Nội",
    "Rue de Rivoli, Paris, France",
    "!!!",
    "",
    "  ",
    "a\0b",
    "x" * 3_000,
    "'; DROP TABLE household; --",
    None,
    12,
]
GOOD_OR_BAD = st.sampled_from(ADDRESSES)
ROWS = {
    "geocode": st.one_of(
        st.fixed_dictionaries({"q": GOOD_OR_BAD}, optional={"limit": st.sampled_from([1, 0, "x"])}),
        st.fixed_dictionaries({"q": GOOD_OR_BAD, "within": st.sampled_from(["01", "99", "a"])}),
        st.fixed_dictionaries(
            {"house_number": st.sampled_from(["27", "", "!"]), "street": st.just("Láng")},
            optional={"commune": st.sampled_from(["Láng", "???", "Xyz"])},
        ),
        st.just({}),
    ),
    "validate": st.one_of(
        st.fixed_dictionaries({"address": GOOD_OR_BAD}),
        st.fixed_dictionaries({"street": st.just("Láng"), "address": GOOD_OR_BAD}),
        st.just({}),
    ),
    "reverse": st.fixed_dictionaries(
        {
            "lon": st.sampled_from([LANG[0], 0, 181, "x", None, True]),
            "lat": st.sampled_from([LANG[1], 0, -91, "21"]),
        },
        optional={"limit": st.sampled_from([1, 3, 0]), "radius_m": st.sampled_from([5, -1])},
    ),
}


@pytest.mark.parametrize("operation", sorted(ROWS))
def test_rows_get_the_same_answers_as_single_requests(site: Site, operation: str) -> None:
    """Random mixtures of good and bad rows, in order."""

    @settings(max_examples=examples(10, 40), deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(ROWS[operation], min_size=1, max_size=6))
    def check(rows: list[dict[str, Any]]) -> None:
        found = answered(site, operation, rows)
        assert len(found) == len(rows)
        for row, line in zip(rows, found, strict=True):
            _same_as_alone(alone(site, operation, row), row, line)

    check()


def _same_as_alone(response: TestResponse, row: dict[str, Any], line: dict[str, Any]) -> None:
    result = line.pop("result")
    body = response.get_json(force=True)
    assert line == row
    if response.status_code == 200:
        assert result["answer"] == body
        assert result["status"] == _status(body)
    else:
        assert result == {"status": body["code"], "problem": body}


def _status(body: dict[str, Any]) -> str:
    features = body.get("features")
    if features == []:
        return str(body.get("reason", {"code": "nothing_found"})["code"])
    faults = {fault["code"] for fault in features[0]["properties"]["faults"]} if features else ()
    return "ambiguous" if "ambiguous" in faults else "ok"


def test_status_column_gives_the_reason_for_an_uncertain_row(site: Site) -> None:
    unknown = code_display(from_serial(87_654_321))
    asked = ["27 Láng, Phường Láng, Hà Nội", "27 Láng", unknown, "hello"]
    body = "\n".join(["address", *(f'"{text}"' for text in asked)])
    answer = site.client.post("/v1/batch/geocode", data=body, content_type="text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    statuses = [row["result_status"] for row in rows]
    assert statuses == ["ok", "ambiguous", "code_unknown", "nothing_found"]
    assert "ambiguous" in rows[1]["result_faults"].split()
    assert rows[2]["result_detail"] == "Mã địa chỉ này chưa có trong sổ đăng ký"


def test_codes_get_the_same_answers_as_single_requests(site: Site) -> None:
    codes = [*site.world.codes.values(), "27HT64FP5", "hello", "2HT6-4FP6", "x" * 200]
    rows = [{"code": code} for code in codes]
    for row, line in zip(rows, answered(site, "lookup", rows), strict=True):
        _same_as_alone(alone(site, "lookup", row), row, line)


def test_mistyped_code_gets_the_same_error_as_a_single_request(site: Site) -> None:
    right = site.world.codes["27 Láng"]
    slip = right[:-1] + ("0" if right[-1] != "0" else "1")
    (line,) = answered(site, "geocode", [{"q": slip}])
    assert line["result"]["answer"]["suggestions"]
    _same_as_alone(alone(site, "geocode", {"q": slip}), {"q": slip}, line)


def test_unreadable_line_is_reported_with_the_reason(site: Site) -> None:
    lines = ['{"address": "27 Láng"', '{"address": "a", "address": "b"}']
    found = [
        json.loads(line) for line in post(site, "validate", "\n".join(lines)).text.splitlines()
    ]
    assert [list(line) for line in found] == [["result"]] * 2
    problems = [line["result"]["problem"]["errors"][0] for line in found]
    assert [each["code"] for each in problems] == ["malformed_json", "given_twice"]


def test_known_members_are_returned_and_an_earlier_result_is_replaced(site: Site) -> None:
    row = {"id": 7, "note": {"a": [1]}, "q": "27 Láng, Phường Láng, Hà Nội", "result": "old"}
    (line,) = answered(site, "geocode", [row])
    assert line.pop("result")["status"] == "ok"
    assert line == {name: row[name] for name in ("id", "q")}
    (line,) = answered(site, "geocode?reference=kho%207", [row | {"Kho 7": "x"}])
    assert line["Kho 7"] == "x"


def test_non_finite_json_numbers_are_returned_as_null(site: Site) -> None:
    line = '{"address": "27 Láng, Phường Láng, Hà Nội", "order": NaN, "id": -Infinity}'

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    found = json.loads(post(site, "validate", line).text, parse_constant=refuse)
    assert found["result"]["answer"]["verdict"] == "accept"
    assert (found["order"], found["id"]) == (None, None)


def test_line_that_is_not_an_object_does_not_fail_others(site: Site) -> None:
    good = json.dumps({"address": "27 Láng, Phường Láng, Hà Nội"})
    lines = [good, "{", "[1]", "12", "", '{"address": "\\ud800"}', "[" * 50_000, good]
    response = post(site, "validate", "\n".join(lines).encode() + b'\n{"address": "\xff"}')
    found = [json.loads(line)["result"] for line in response.text.splitlines()]
    assert [result["status"] for result in found] == [
        "ok",
        *["invalid_input"] * 5,
        "ok",
        "invalid_input",
    ]
    assert found[1]["problem"]["errors"][0]["code"] == "malformed_json"
    assert found[0]["answer"]["verdict"] == "accept"


def test_json_is_one_document_of_the_same_rows(site: Site) -> None:
    rows = [{"q": q, "order": n, "result": "of before"} for n, q in enumerate(ADDRESSES)]
    body = json.dumps({"rows": rows})
    answer = post(site, "geocode", body, "application/json; charset=utf-8")
    assert answer.mimetype == "application/json"
    assert answer.get_json() == {"rows": answered(site, "geocode", rows)}
    empty = post(site, "geocode", '{"rows": []}', "application/json")
    assert empty.get_json() == {"rows": []}
    many = json.dumps({"rows": [{"code": "1"}] * 10_001})
    assert post(site, "lookup", many, "application/json").status_code == 413


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ("", "rows", "missing"),
        ("[]", "request", "model_type"),
        ('{"rows": [{}, 1]}', "rows.1", "dict_type"),
        ('{"rows": [], "x": 1}', "x", "unknown_parameter"),
        ('{"rows": [{"q": 1, "q": 2}]}', "q", "given_twice"),
        ('{"q": "27 Láng"}\n{"q": "28 Láng"}', "request", "malformed_json"),
    ],
)
def test_json_without_rows_is_refused(site: Site, body: str, field: str, code: str) -> None:
    refused = post(site, "geocode", body, "application/json")
    assert refused.status_code == 422
    errors = refused.get_json(force=True)["errors"]
    assert (field, code) in {(error["field"], error["code"]) for error in errors}


def test_csv_is_returned_with_its_columns_and_flat_results(site: Site) -> None:
    body = (
        "\ufeffMã đơn;Địa chỉ;result_code\n"
        'A1;"27 Láng, Phường Láng, Hà Nội";old\n'
        "A2;;\n"
        "A3;một;hai;ba;bốn\n"
        "A4;28 Láng, Phường Láng, Hà Nội\n"
    )
    response = post(site, "validate", body, "text/csv; charset=utf-8")
    assert response.mimetype == "text/csv"
    assert unquote(response.headers["Unread-Columns"]) == "Mã đơn"
    rows = list(csv.DictReader(io.StringIO(response.text), delimiter=";"))
    assert [row["Mã đơn"] for row in rows] == ["A1", "A2", "A3", "A4"]
    code = site.world.codes["27 Láng"]
    assert rows[0]["result_code"] == f"{code[:4]}-{code[4:]}"
    assert [row["result_status"] for row in rows] == ["ok", "ok", "invalid_input", "ok"]
    assert [row["result_verdict"] for row in rows] == ["accept", "reject", "", "unverified"]
    assert "cells" in rows[2]["result_detail"]
    # A verdict comes with its reasons: code and sentence.
    assert rows[3]["result_faults"] == "house_number_not_found"
    assert rows[3]["result_detail"] == FAULTS["house_number_not_found"].message


def test_fields_of_unknown_headers_are_stated(site: Site) -> None:
    asked = "/v1/batch/validate?mapping=" + quote('{"Nơi đến": "address"}')
    body = 'Nơi đến\n"27 Láng, Phường Láng, Hà Nội"\n'
    answer = site.client.post(asked, data=body, content_type="text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["result_verdict"], row["Nơi đến"]) == ("accept", "27 Láng, Phường Láng, Hà Nội")
    wrong = site.client.post(f"{asked}}}", data=body, content_type="text/csv")
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "mapping")


def test_unclosed_quotation_mark_fails_its_row_alone(site: Site) -> None:
    body = 'mã đơn,địa chỉ\nA1,"27 Láng, Hà Nội\nA2,y\nA3,x\n'
    response = post(site, "validate", body, "text/csv")
    rows = [row["result_status"] for row in csv.DictReader(io.StringIO(response.text))]
    assert (len(rows), rows[0]) == (3, "invalid_input")


def test_formula_cells_are_returned_as_text(site: Site) -> None:
    body = "id,Địa chỉ,sum\n=1+1,+27 Láng,-1.5\n'=1+1,,+1\n"
    for _ in range(2):
        body = post(site, "validate", body, "text/csv").text
        rows = list(csv.DictReader(io.StringIO(body)))
        assert [row["id"] for row in rows] == ["'=1+1", "'=1+1"]
        assert rows[0]["Địa chỉ"] == "'+27 Láng"


def test_empty_body_has_no_rows_and_csv_needs_a_header(site: Site) -> None:
    assert post(site, "geocode", "").text == ""
    for body in ("", "\n"):
        response = post(site, "geocode", body, "text/csv")
        assert response.status_code == 422
        assert response.get_json(force=True)["code"] == "unreadable_file"
    for body in ("foo,bar\n1,2\n", "tỉnh,bar,Nguyễn Thị Hoa\nHà Nội,2,0912345678\n"):
        response = post(site, "geocode", body, "text/csv")
        problem = response.get_json(force=True)
        assert (response.status_code, problem["code"]) == (422, "columns_not_recognised")
        assert problem["columns"][1:] == ["bar"]
    header = post(site, "lookup", "code\n", "text/csv").text
    assert header.startswith("code,result_status,")


@pytest.mark.parametrize("header", [b"PAR1\xff\n1", b"\xed\xa0\x80,a\n1,2", b"L\xe1ng;\xff\n1;2"])
def test_undecodable_header_is_reported_with_replacement_characters(
    site: Site, header: bytes
) -> None:
    for operation in ROWS:
        response = post(site, operation, header, "text/csv")
        assert (response.status_code, response.json["code"]) == (422, "columns_not_recognised")
        assert "?" in response.json["columns"][0]


def test_too_many_rows_or_bytes_are_refused(site: Site) -> None:
    row = json.dumps({"code": "1H6X-XH2V"})
    assert post(site, "lookup", "\n".join([row] * 10_001)).status_code == 413
    fat = json.dumps({"code": "1H6X-XH2V", "note": "x" * 1_500_000})
    assert post(site, "lookup", fat).text
    response = post(site, "lookup", "\n".join([fat] * 8))
    assert response.status_code == 413
    assert response.get_json(force=True)["code"] == "request_entity_too_large"


def test_unknown_operation_type_and_parameter_are_refused(site: Site) -> None:
    assert post(site, "nonsense", "{}").status_code == 404
    assert post(site, "lookup", "{}", "application/xml").status_code == 415
    assert post(site, "lookup?x=1", "{}").status_code == 422
    assert site.client.get("/v1/batch/lookup").status_code == 405


@pytest.mark.thorough
def test_stopped_database_is_503_before_the_first_row() -> None:
    with open_app("postgresql://nobody@127.0.0.1:1/nothing") as app:
        response = app.test_client().post(
            "/v1/batch/lookup", data='{"code": "1H6X-XH2V"}', content_type=NDJSON
        )
        assert response.status_code == 503


def test_excess_batch_is_refused_with_the_time_to_retry(site: Site) -> None:
    row = {"q": "27 Láng, Phường Láng, Hà Nội"}
    opened = site.client.application.extensions[EXTENSION]
    with ExitStack() as others:
        for _ in range(opened.settings.pool_size - 1):
            others.enter_context(opened.reads.batch())
        refused = post(site, "geocode", json.dumps(row))
        code = refused.get_json(force=True)["code"]
        assert (refused.status_code, code) == (503, "database_unavailable")
        assert refused.headers["Retry-After"]
        # A single request is still answered.
        assert site.client.post("/v1/geocode", json=row).status_code == 200
    assert answered(site, "geocode", [row])[0]["result"]["status"] == "ok"


@pytest.mark.parametrize("operation", ["lookup", "geocode", "validate"])
def test_table_suggests_codes_for_a_mistyped_one(site: Site, operation: str) -> None:
    code = site.world.codes["27 Láng"]
    mistyped = swapped(code)
    column = "code" if operation == "lookup" else "address"
    body = f"{column}\n{mistyped}\n{code}\n"
    answer = site.client.post(f"/v1/batch/{operation}", data=body, content_type="text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    mended, right = (row["result_suggestions"] for row in rows)
    assert f"{code[:4]}-{code[4:]}" in mended.split(" | ")
    assert right == ""


def test_receipt_states_the_answers_and_is_signed(site: Site) -> None:
    keys = KeySet.import_key_set(site.client.get("/v1/packs/keys").get_json())
    rows = [{"address": ADDRESSES[0]}, {"street": "Láng", "house_number": "28"}, {"address": 12}]
    response = post(site, "validate?receipt=true", "\n".join(map(json.dumps, rows)))
    results = [json.loads(line)["result"] for line in response.text.splitlines()]
    answered = [
        json.loads(jws.deserialize_compact(each["receipt"], keys, algorithms=["Ed25519"]).payload)
        for each in results[:2]
    ]
    for expected, result in zip(answered, results, strict=False):
        answer = result["answer"]
        assert (expected["format"], expected["version"]) == ("diachiso-receipt", 1)
        assert (expected["verdict"], expected["label"]) == (answer["verdict"], answer["label"])
        assert datetime.datetime.fromisoformat(expected["at"]).tzinfo is not None
    assert answered[0]["asked"] == {"q": ADDRESSES[0]}
    assert answered[1]["asked"] == {"house_number": "28", "street": "Láng"}
    assert "receipt" not in results[2]

    head, payload, signature = results[0]["receipt"].split(".")
    other = results[1]["receipt"].split(".")[1]
    with pytest.raises(JoseError):
        jws.deserialize_compact(f"{head}.{other}.{signature}", keys, algorithms=["Ed25519"])

    table = post(site, "validate?receipt=true", f'địa chỉ\n"{ADDRESSES[0]}"\n', "text/csv").text
    (row,) = csv.DictReader(io.StringIO(table))
    assert row["result_receipt"].split(".")[0] == head
    assert payload not in (row["result_receipt"], other)

    for path in ("geocode?receipt=true", "validate?receipt=true&since=2026-01-01"):
        refused = post(site, path, json.dumps(rows[0]))
        assert (refused.status_code, refused.get_json()["errors"][0]["field"]) == (422, "receipt")
