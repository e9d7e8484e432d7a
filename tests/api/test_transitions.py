"""Every operation in every state that a record can be in, over HTTP, with the keys of an authority.

And PATCH, which is one of them.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from registry.access.keys import KeyMade
from registry.core.labels import STATUSES
from registry.core.roles import RANK
from registry.lifecycle.table import LEGAL_FROM, OPERATIONS, Operation
from tests.support.keys import Office, bearer, code_of, office
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG

OF_RECORD = [operation for operation in OPERATIONS if operation.of_record]
WHY = {"reason": "tests"}


@pytest.fixture(scope="module")
def here(admin_url: str, worker_id: str) -> Iterator[Office]:
    with office(admin_url, f"transitions_{worker_id}") as made:
        yield made


@pytest.fixture(scope="module")
def keys(here: Office) -> dict[str, KeyMade]:
    """By role: a carrier's, and those of Phường Láng, an office of one person."""
    roles: tuple[Any, ...] = ("carrier", "editor", "approver")
    return {
        role: here.key(f"{role} of Láng", role, approves_own=role == "approver") for role in roles
    }


_numbers = iter(range(1, 10**6))


def number() -> str:
    return str(next(_numbers))


def record(here: Office, state: str) -> str:
    """A record in that state, at an address of its own."""
    if state == "reserved":
        # For this commune: an authority cannot retire a code reserved without a commune.
        return here.place.do("reserve", count=1, commune=COMMUNE).records[0].code
    if state == "proposed":
        given = {"commune": COMMUNE, "street": "Phố Láng", "house_number": number()}
        return here.place.do("propose", **given).records[0].code
    code = here.place.house(number())
    if state == "retired":
        here.place.retire(code)
    return code


def body(here: Office, name: str, code: str) -> dict[str, Any]:
    """A request for the operation that only the record's state can forbid."""
    door = {"commune": COMMUNE, "street": "Phố Láng", "house_number": number()}
    return {
        "propose": {"code": code, **door},
        "activate": {"code": code, **door},
        "verify": {"code": code},
        "correct": {"code": code, "delivery_hint": "gần chợ"},
        "move": {"code": code, **LANG},
        "entrances": {"code": code, "entrances": [{"kind": "main", **LANG}]},
        "uses": {"code": code, "uses": [{"use": "office", "name": "UBND phường Láng"}]},
        "renumber": {"code": code, "house_number": number()},
        "merge": {"codes": [code], "into": record(here, "active"), **WHY},
        "split": {
            "code": code,
            "parts": [{"house_number": number()}, {"house_number": number()}],
            **WHY,
        },
        "replace": {"code": code, **WHY},
        "retire": {"code": code, **WHY},
        "reinstate": {"code": code, "same_address": True, **WHY},
    }[name]


def key_of(keys: dict[str, KeyMade], operation: Operation) -> KeyMade:
    return keys[operation.role]


@pytest.mark.parametrize("state", STATUSES)
@pytest.mark.parametrize("operation", OF_RECORD, ids=lambda operation: operation.name)
def test_operation_is_allowed_only_from_its_states(
    here: Office, keys: dict[str, KeyMade], operation: Operation, state: str
) -> None:
    code = record(here, state)
    before = here.place.row(code)
    answer = here.post(operation.name, key_of(keys, operation), **body(here, operation.name, code))
    after = here.place.row(code)
    if state in operation.from_states:
        assert answer.status_code == 200, answer.text
        assert after.status == (operation.to_state or operation.makes or state)
        return
    assert code_of(answer) == (409, "illegal_transition")
    problem = answer.get_json(force=True)
    assert (problem["state"], problem["legal"]) == (state, list(LEGAL_FROM[state]))
    assert after == before


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_key_with_a_lower_role_is_refused(
    here: Office, keys: dict[str, KeyMade], operation: Operation
) -> None:
    assert code_of(here.post(operation.name)) == (401, "key_required")
    for role, key in keys.items():
        if RANK[role] < RANK[operation.role]:  # type: ignore[index]
            assert code_of(here.post(operation.name, key)) == (403, "forbidden")


@pytest.mark.parametrize("operation", OF_RECORD, ids=lambda operation: operation.name)
def test_stale_etag_is_refused_by_every_operation_on_a_record(
    here: Office, keys: dict[str, KeyMade], operation: Operation
) -> None:
    code = record(here, operation.from_states[0])
    given = body(here, operation.name, code)
    seen = given["into"] if operation.name == "merge" else code
    event = here.place.row(seen).event_id
    headers = bearer(key_of(keys, operation)) | {"If-Match": f'"{event - 1}"'}
    path = f"/v1/operations/{operation.name}"
    before = here.place.row(code)
    answer = here.client.post(path, json=given, headers=headers)
    assert code_of(answer) == (412, "stale")
    assert here.place.row(code) == before
    headers["If-Match"] = f'"{event}"'
    assert here.client.post(path, json=given, headers=headers).status_code == 200


def problem_of(answer: TestResponse) -> tuple[int, str, str]:
    first = answer.get_json(force=True)["errors"][0]
    return answer.status_code, first["field"], first["code"]


def test_meaningless_operation_is_refused(here: Office, keys: dict[str, KeyMade]) -> None:
    approver, town = keys["approver"], here.place
    house = town.house(number())
    # Splitting into nothing, or into itself.
    for parts in ([], [{"house_number": number()}]):
        answer = here.post("split", approver, code=house, parts=parts, **WHY)
        assert problem_of(answer) == (422, "parts", "too_short")
    twice = [{"house_number": "9999"}, {"house_number": "9999"}]
    answer = here.post("split", approver, code=house, parts=twice, **WHY)
    assert problem_of(answer) == (422, "parts", "given_twice")
    # A code into itself, or twice.
    for codes in ([house], [town.house(number())] * 2):
        answer = here.post("merge", approver, codes=codes, into=house, **WHY)
        assert problem_of(answer) == (422, "codes", "given_twice")
    # A flat into its own building, and a building into its flat.
    block = town.house(number(), kind="building", building="CT5")
    flat = town.house(None, unit_number="1203", parent=block)
    for one, other in ((flat, block), (block, flat)):
        answer = here.post("merge", approver, codes=[one], into=other, **WHY)
        assert problem_of(answer) == (422, "codes", "different_kinds")
    # A building that holds flats.
    for name in ("retire", "split"):
        answer = here.post(name, approver, **body(here, name, block))
        assert code_of(answer) == (409, "conflict")


def test_merger_across_communes_is_refused(here: Office) -> None:
    everywhere = here.key("hai phường", "admin", approves_own=True)
    here.place.do("name-street", commune=ELSEWHERE, street="Phố Láng")
    far = here.place.house(number(), commune=ELSEWHERE)
    near = here.place.house(number())
    answer = here.post("merge", everywhere, codes=[far], into=near, **WHY)
    assert problem_of(answer) == (422, "codes", "across_communes")


def test_successions_cannot_form_a_cycle(here: Office, keys: dict[str, KeyMade]) -> None:
    approver = keys["approver"]
    one, other, third = (here.place.house(number()) for _ in range(3))
    for code, into in ((one, other), (other, third)):
        assert here.post("merge", approver, codes=[code], into=into, **WHY).status_code == 200
    # The last may not come back to the first, which is retired.
    back = here.post("merge", approver, codes=[third], into=one, **WHY)
    assert code_of(back) == (409, "illegal_transition")
    # Reinstated, the first is continued by nothing; what it once became may become part of it.
    assert here.post("reinstate", approver, code=one, **WHY).status_code == 200
    assert here.post("merge", approver, codes=[third], into=one, **WHY).status_code == 200
    for code in (other, third):
        gone = here.get(f"/v1/addresses/{code}")
        assert gone.status_code == 410
        found = gone.get_json(force=True)["successors"]
        assert [heir["code"] for heir in found] == [one]


# --- PATCH ---------------------------------------------------------------------------------------


def patch(here: Office, key: KeyMade, of: str, seen: str | None, **fields: Any) -> TestResponse:
    headers = bearer(key) | ({"If-Match": seen} if seen else {})
    return here.client.patch(f"/v1/addresses/{of}", json=fields, headers=headers)


def etag(here: Office, code: str) -> str:
    return here.client.get(f"/v1/addresses/{code}").headers["ETag"]


@pytest.mark.parametrize(
    ("fields", "operation"),
    [
        ({"verified_on": "2026-01-02"}, "verify"),
        (LANG, "move"),
        ({**LANG, "position_accuracy_m": 3, "position_method": None}, "move"),
        ({"house_number": "8001", "decision_number": "9/QĐ-UBND"}, "renumber"),
        ({"house_number": "8003"}, "correct"),
        ({**LANG, "delivery_hint": "cạnh chợ", "reason": "đo lại"}, "correct"),
        ({"lon": None, "lat": None}, "correct"),
        ({"restricted": True}, "correct"),
    ],
)
def test_patch_is_carried_out_as_the_matching_operation(
    here: Office, keys: dict[str, KeyMade], fields: dict[str, Any], operation: str
) -> None:
    code = here.place.house(number(), **({} if "lon" in fields else LANG))
    answer = patch(here, keys["editor"], code, etag(here, code), **fields)
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["operation"] == operation
    assert here.place.steps(code)[-1].operation == operation
    # Its ETag is what the next change takes.
    assert answer.headers["ETag"] == f'"{answer.get_json()["event_id"]}"'
    again = patch(here, keys["editor"], code, answer.headers["ETag"], delivery_hint="gần đình")
    assert again.status_code == 200
    former = here.place.rows("SELECT count(*) FROM household_former_number WHERE code = :c", c=code)
    assert former == [(1 if operation == "renumber" else 0,)]


def test_patch_needs_the_etag_of_the_current_state(here: Office, keys: dict[str, KeyMade]) -> None:
    code = here.place.house(number())
    editor, seen = keys["editor"], etag(here, code)
    assert code_of(patch(here, editor, code, None, house_number="1")) == (428, "if_match_required")
    assert patch(here, editor, code, seen, delivery_hint="a").status_code == 200
    assert code_of(patch(here, editor, code, seen, delivery_hint="b")) == (412, "stale")
    assert here.place.record(code).delivery_hint == "a"
    retired = record(here, "retired")
    answer = patch(here, editor, retired, "*", delivery_hint="b")
    assert code_of(answer) == (409, "illegal_transition")


@pytest.mark.parametrize(
    ("fields", "field", "error"),
    [
        ({"verified_on": "2026-01-02", "house_number": "3"}, "verified_on", "several_operations"),
        ({"verified_on": None}, "verified_on", "several_operations"),
        ({"house_number": "3", "decision_number": "9", **LANG}, "house_number",
         "several_operations"),
        ({"house_number": None, "decision_number": "9"}, "house_number", "several_operations"),
        ({"lon": 105.8}, "request", "lon_and_lat"),
        ({"code": "1000-0006"}, "code", "unknown_parameter"),
        ({"verified_on": "2999-01-01"}, "on", "day_in_future"),
        ({"kind": "building"}, "kind", "unknown_parameter"),
    ],
)  # fmt: skip
def test_patch_matching_no_single_operation_is_refused(
    here: Office, keys: dict[str, KeyMade], fields: dict[str, Any], field: str, error: str
) -> None:
    code = here.place.house(number())
    answer = patch(here, keys["editor"], code, "*", **fields)
    assert problem_of(answer) == (422, field, error)


PERSON = "nhà bà Tư gọi 0905123456"
NAMES_WHAT_IS_THERE = {"street", "locality"}
"""Of operations that rename, merge or renumber it: so a name that should not be can be mended."""


def lines(schema: dict[str, Any], defs: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Members that take any line of text, and a value for each that holds a telephone."""
    for name, member in schema["properties"].items():
        for kind in (member, *member.get("anyOf", ())):
            if kind.get("maxLength") == 200:
                yield name, PERSON
            elif kind.get("type") == "array" and "$ref" in kind["items"]:
                inner = defs[kind["items"]["$ref"].rpartition("/")[2]]
                for within, value in lines(inner, defs):
                    item = {"old": "1", "new": "3"} if "old" in inner["properties"] else {}
                    item |= {"use": "office"} if "use" in inner["properties"] else {}
                    yield f"{name}.0.{within}", [item | {within: value}, item]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_text_with_personal_data_is_refused_by_every_operation(
    here: Office, keys: dict[str, KeyMade], operation: Operation
) -> None:
    schema = operation.request.model_json_schema()
    expected = dict(lines(schema, schema.get("$defs", {})))
    kept = set(expected) - {"decision_number", "numbers.0.old"}
    if operation.name.startswith(("rename-", "renumber-", "merge-")) or "plates" in operation.name:
        kept -= NAMES_WHAT_IS_THERE
    for name in kept:
        given = operation.example | {name.partition(".")[0]: expected[name]}
        answer = here.post(operation.name, key_of(keys, operation), **given)
        assert problem_of(answer) == (422, name, "personal_data")


def test_patch_with_personal_data_is_refused(here: Office, keys: dict[str, KeyMade]) -> None:
    code = here.place.house(number())
    for name in ("delivery_hint", "building", "house_number", "street"):
        answer = patch(here, keys["editor"], code, "*", **{name: PERSON})
        assert problem_of(answer) == (422, name, "personal_data")
    # A range of three house numbers is not a telephone number.
    joined = patch(here, keys["editor"], code, "*", house_number="101-103-105")
    assert joined.status_code == 200


def test_empty_patch_and_unknown_record_are_refused(here: Office, keys: dict[str, KeyMade]) -> None:
    editor = keys["editor"]
    code = here.place.house(number())
    assert code_of(patch(here, editor, code, "*")) == (422, "invalid_input")
    assert code_of(patch(here, editor, "1000-0006", "*", delivery_hint="a")) == (404, "not_found")
    answer = patch(here, editor, "x" * 150, "*", delivery_hint="a")
    assert problem_of(answer)[:2] == (422, "code")
    assert code_of(patch(here, keys["carrier"], code, "*", restricted=True)) == (403, "forbidden")


def test_patch_in_another_commune_is_refused_and_audited(here: Office) -> None:
    neighbour = here.key("phường khác", "editor", (ELSEWHERE,))
    code = here.place.house(number())
    answer = patch(here, neighbour, code, "*", delivery_hint="a")
    assert answer.status_code == 403
    last = here.audited()[-1]
    assert (last["actor"], last["status"], last["endpoint"]) == (
        "phường khác",
        403,
        "PATCH /v1/addresses/<address_code>",
    )
