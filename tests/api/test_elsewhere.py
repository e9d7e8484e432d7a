"""Objects of other units or of the whole country cannot be listed, read or written.

Every operation that needs a key is walked, as the application's own map of routes has it: each is
refused, lists nothing, or is in OPEN with the reason why units do not matter to it.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from api.core.endpoint import facts_of
from registry.access.audit import Wanted, read
from registry.core.actors import acting_as
from registry.core.database import session_scope
from registry.core.roles import Role
from registry.register import Register
from registry.units.gazetteer_loading import load_gazetteer
from tests.api.elsewhere import (
    CALLERS,
    MARK,
    OTHER_PROVINCE,
    OWN_PROVINCE,
    Asker,
    World,
    asker,
    seated,
    world,
)
from tests.registry.reform.conftest import SPLIT, resolution
from tests.support.keys import bearer, code_of
from tests.support.lifecycle import COMMUNE, LANG
from tests.support.thorough import examples, gate_takes

OPEN = {
    "desk_home.get_home": "what waits in the caller's own units: in LISTS for who has some",
    "desk_leaving.post_sign_out": "ends the caller's own session",
    "desk_imports.get_imports": "a page that asks the API under the caller's own session",
    "desk_own_reports.get_own_reports": "what the caller itself reported",
    "receipts.get_own_reports": "what the caller itself reported",
    "metrics.get_metrics": "counts of the service as a whole, without any record",
    "batches.post_batches": "questions of the caller's own",
    "batches.get_batches": "questions of the caller's own",
    "imports.post_import": "makes an import of the caller's own; rows of others are rejected",
    "reforms.post_reform": "makes a reform of the caller's own; its dry run refuses others' units",
    "imports.get_template": "names of streets and localities, which are public",
    "changes.get_changes": "registered addresses, which every key may copy",
    "export.get_export": "registered addresses, which every key may copy",
    "within.post_within": "counts of registered addresses",
    "within.post_within_records": "registered addresses, which every key may copy",
    "packs.get_pack": "registered addresses, which every key may copy",
    "packs.get_pack_basemap": "the operator's map",
    "history.get_history": "steps of a registered address, which every key may read",
    "ogc.list_ogc_households": "registered addresses, which every key may copy",
    "ogc.get_ogc_household": "registered addresses, which every key may copy",
    "ogc.list_ogc_buildings": "registered addresses, which every key may copy",
    "ogc.get_ogc_building": "registered addresses, which every key may copy",
    "own_services.post_services": "a carrier's own areas, under the name of its key",
    "own_services.get_check": "areas that operators publish, which everybody may read",
    "desk_services.get_services": "areas that operators publish, which everybody may read",
    "desk_services.post_file": "a carrier's own areas, under the name of its key",
    "desk_records.get_boundary": "boundaries are public",
    "desk_targets.get_targets": "numbers that authorities publish, as /v1/coverage shows them",
    "desk_target_files.get_file": "numbers that authorities publish, as /v1/coverage shows them",
    "desk_target_files.get_moved": "numbers that authorities publish, as /v1/coverage shows them",
    "desk_templates.get_targets_template": "names of columns, and an example",
    "desk_templates.get_services_template": "names of columns, and an example",
}
"""Endpoint → why it may be used by a key of anywhere."""
EMPTY_FORMS = {
    *("desk_record_operations.new_propose", "desk_record_operations.new_reserve"),
    *("desk_place_operations.name_street", "desk_place_operations.name_locality"),
}
"""Endpoints that a key of anywhere may open, and not send."""

FOR_FOLLOWERS = ("webhooks.post_webhook", "desk_webhooks.post_webhook")
"""Carriers and shops may follow all registered addresses, as by the feed."""
ELSEWHERE_TOLD = ("địa bàn", "của đơn vị ấy")
LISTS = {
    "desk_audit.get_audit",
    "desk_field.get_rounds",
    "desk_papers.get_papers",
    "desk_places.get_places",
    "desk_proposals.get_proposals",
    "desk_reports.get_reports",
    "desk_webhooks.get_webhooks",
    "certificates.get_certificates",
    "imports.get_imports",
    "reforms.get_reforms",
    "reports.get_reports",
    "pending.get_pending_operations",
    "webhooks.get_webhooks",
}
"""Endpoints of lists: they are answered, and hold nothing of others."""


def _bodies(ids: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Endpoint → what is sent to it, about records, places and units of the ward."""
    record, other = ids["record"], ids["other"]
    why = {"reason": "thử", "decision_number": "9/QĐ"}
    street = {"commune": COMMUNE, "street": "Phố Láng"}
    locality = {"commune": COMMUNE, "locality": "Tổ 1"}
    numbers = [{"old": "1", "new": "1A"}]
    operations: dict[str, list[dict[str, Any]]] = {
        "activate": [{"code": ids["proposed"]}],
        "correct": [{"code": record, "delivery_hint": "x"}, {"code": record, "restricted": True}],
        "entrances": [{"code": record, "entrances": [{"kind": "main", **LANG}]}],
        "uses": [{"code": record, "uses": [{"use": "office", "name": "UBND phường Láng"}]}],
        "issue-plates": [{"codes": [other]}, street, locality],
        "lose-plates": [{"codes": [record]}],
        "merge": [{"codes": [other], "into": record, **why}],
        "merge-locality": [locality | {"into": "Tổ 2", **why}],
        "merge-street": [street | {"into": "Phố Vắng", **why}],
        "mount-plates": [{"codes": [record]}],
        "move": [{"code": record, **LANG}],
        "name-locality": [{"commune": COMMUNE, "locality": "Tổ 9"}],
        "name-street": [{"commune": COMMUNE, "street": "Phố Khác"}],
        "propose": [
            street | {"house_number": "99"},
            {"code": ids["reserved"], **street, "house_number": "99"},
        ],
        "reinstate": [{"code": ids["retired"], **why}],
        "rename-locality": [locality | {"new_name": "Tổ 8", **why}],
        "rename-street": [
            street | {"new_name": "Phố Khác", **why},
            {"province": OWN_PROVINCE, "street": "Phố Láng", "new_name": "Phố Khác", **why},
        ],
        "renumber": [{"code": record, "house_number": "1B"}],
        "renumber-locality": [locality | {"numbers": numbers, **why}],
        "renumber-street": [street | {"numbers": numbers, **why}],
        "replace": [{"code": record, **why}],
        "reserve": [{"count": 1, "commune": COMMUNE}],
        "retire": [{"code": record, **why}],
        "split": [{"code": record, "parts": [{"unit_number": "1"}, {"unit_number": "2"}], **why}],
        "verify": [{"code": record}],
    }
    sent: dict[str, list[dict[str, Any]]] = {
        f"operations.post_{name.replace('-', '_')}": [{"json": each} for each in asked]
        for name, asked in operations.items()
    }
    for name in operations:
        kind = name.replace("-", "_")
        flat = {"entrances.0.kind": "main", "entrances.0.lon": "105.8", "entrances.0.lat": "21.02"}
        given = {k: v for k, v in operations[name][0].items() if isinstance(v, str | int | float)}
        form = {**given, **flat, "codes": other, "record": record, "_step": "do"}
        for room in ("record_operations", "place_operations", "papers"):
            sent[f"desk_{room}.{kind}"] = [{"form": form}]
        sent[f"desk_record_operations.several_{kind}"] = [{"form": form}]
        sent[f"desk_record_operations.new_{kind}"] = [{"form": form}]
    for verb, noun in product(("rename", "merge", "renumber"), ("street", "locality")):
        form = {"new_name": "Phố Kia", "into": ids["vacant"], "numbers": "1\t1A", **why}
        sent[f"desk_place_operations.{verb}_{noun}"] = [{"form": form}]
    file = {"data": {"file": (resolution(SPLIT, "1/X"), "r.yaml")}}
    hook = {"url": "https://hook.example/"}
    doors = {"codes": [record]}
    numbers_file = {"households": "7", "quality": "declared", "counted": "households"}
    return sent | {
        "operations.patch_address": [
            {"headers": {"If-Match": "*"}, "json": {"delivery_hint": "x"}}
        ],
        "certificates.post_certificate": [{"json": {"code": record}}],
        "certificates.get_certificates": [{"query_string": {"unit": COMMUNE}}],
        "certificates.post_revoke": [{"json": {"reason": "thử"}}],
        "imports.post_answers": [{"json": {"commune": COMMUNE}}],
        "import_rows.patch_rows": [
            {"json": {"edits": [{"place": 0, "column": 0, "value": "2"}]}},
            {"json": {"alike": {"problem": "x", "column": 0, "was": "", "value": "2"}}},
        ],
        "imports.get_report": [{"query_string": {"rows": "rejected"}}],
        "imports.get_problems": [{}, {"query_string": {"format": "csv"}}],
        "imports.post_publish": [{"json": {"verdict": 1}}],
        "imports.post_rollback": [{"json": {}}],
        "pending.post_decline": [{"json": {"reason": "thử"}}],
        "desk_proposals.post_pending": [
            {"form": {"step": "approve"}},
            {"form": {"step": "decline", "reason": "thử"}},
        ],
        "papers.post_plates": [{"json": doors}, {"json": street}],
        "papers.post_list": [{"json": doors}, {"json": street}, {"json": locality}],
        "papers.post_decision": [
            {"json": {"event_id": ids["event"]}},
            {"json": {"operation": "name-street", "request": street | {"street": "Phố Khác"}}},
        ],
        "reforms.post_decided": [file],
        "reforms.post_carry": [{"json": {"verdict": 1}}],
        "reforms.post_undo": [{"json": {"reason": "thử"}}],
        "operations.get_undo": [{"query_string": {"event_id": ids["event"]}}],
        "operations.post_undo": [{"json": {"event_id": ids["event"], "reason": "thử"}}],
        "desk_undo.undo": [{"form": {"reason": "thử"}}],
        "reports.get_reports": [{"query_string": {"unit": COMMUNE}}],
        "reports.post_accept": [{"json": {"reason": "thử"}}],
        "reports.post_reject": [{"json": {"reason": "thử"}}],
        "targets.post_targets": [],
        "webhooks.post_webhook": [{"json": hook | {"units": [COMMUNE]}}],
        "webhooks.patch_webhook": [{"json": {"state": "paused"}}],
        "webhooks.post_replay": [{"json": {"since": "0"}}],
        "webhooks.post_secret": [{"json": {}}],
        "desk_field.post_round": [
            {"form": {"of": "street", "id": ids["street"], "until": "1/12/2026"}},
            {"form": {"of": "street", "commune": COMMUNE, "place": "Láng", "until": "1/12/2026"}},
        ],
        "desk_field_records.post_take_back": [{"form": {"import": ids["published"]}}],
        "desk_field_records.post_take_over": [{"form": {"step": "do"}}],
        "desk_keys.post_key": [
            {"form": {"name": "mới", "role": "editor", "units": COMMUNE}},
            {"form": {"name": "mới", "role": "admin", "units": OTHER_PROVINCE}},
        ],
        "desk_papers.post_plates": [
            {"form": {"codes": record}},
        ],
        "desk_papers.post_list": [{"form": street}],
        "desk_papers.post_certificate": [{"form": {"code": record, "step": "do"}}],
        "desk_papers.post_decision": [{"form": {"event_id": ids["event"]}}],
        "desk_papers.post_revoke": [{"form": {"number": ids["certificate"], "reason": "thử"}}],
        "desk_places.get_places": [{"query_string": {"unit": COMMUNE}}],
        "desk_records.get_records": [
            {"query_string": {"unit": COMMUNE}},
            {"query_string": {"q": record}, "follow_redirects": True},
        ],
        "desk_records.get_points": [{"query_string": {"unit": COMMUNE}}],
        "desk_record_operations.post_merge": [{"form": {"record": [record, other]}}],
        "desk_reports.get_reports": [{"query_string": {"unit": COMMUNE}}],
        "desk_reports.post_report": [{"form": {"decision": "reject", "word": "x", "reason": "x"}}],
        "desk_reports.post_decide": [
            {"form": {"report": ids["report"], "decision": "reject", "word": "x", "reason": "x"}}
        ],
        "desk_target_files.get_households": [{"query_string": {"unit": COMMUNE}}],
        "desk_targets.post_target": [{"form": {"unit": COMMUNE, **numbers_file, "sure": "7"}}],
        "desk_targets.post_sum": [{"form": {"unit": OWN_PROVINCE}}],
        "desk_targets.post_withdraw": [{"form": {"unit": COMMUNE}}],
        "desk_targets.post_file": [],
        "desk_webhooks.post_webhook": [{"form": hook | {"units": COMMUNE}}],
        "desk_webhooks.post_replay": [{"form": {"since": "0"}}],
    }


@pytest.fixture(scope="module")
def here(
    admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with world(admin_url, f"elsewhere_{worker_id}", tmp_path_factory.mktemp("var")) as made:
        yield made


@dataclass(frozen=True)
class Operation:
    """A method of a route."""

    method: str
    rule: Rule

    role: Role

    @property
    def endpoint(self) -> str:
        return self.rule.endpoint

    @property
    def is_list(self) -> bool:
        return self.endpoint in LISTS

    def sent(self, body: dict[str, Any]) -> dict[str, Any]:
        """A body with its files opened anew; of a question its query alone."""
        if self.method == "GET":
            return {n: v for n, v in body.items() if n in ("query_string", "follow_redirects")}
        if "data" not in body:
            return dict(body)
        files = {name: (io.BytesIO(file[0]), file[1]) for name, file in body["data"].items()}
        return body | {"data": files}

    def paths(self, here: World) -> list[str]:
        """Where it is asked: about each thing of the ward and of the country that it may name."""
        ids, room = here.ids, self.endpoint.partition(".")[0]
        numbers = {
            "desk_field": "round",
            "desk_field_records": "round",
            "desk_keys": "key",
            "desk_targets": "target",
            "desk_webhooks": "webhook",
            "certificates": "certificate",
        }
        is_street = "/streets/" in self.rule.rule
        named = {
            "address_code": [
                ids["proposed" if self.endpoint.endswith("activate") else
                    "retired" if self.endpoint.endswith("reinstate") else "record"]
            ],
            "import_id": [ids[each] for each in ("import", "published", "national_import")],
            "reform_id": [ids[each] for each in ("reform", "prepared", "staged")],
            "report_id": [ids["report"]],
            "webhook_id": [ids["webhook"]],
            "batch_id": [ids["batch"]],
            "place_id": [ids["street" if is_street else "hamlet"]],
            "form": ["csv", "xlsx"],
            "number": [ids[numbers[room]]] if "number" in self.rule.arguments else [],
            "pending_id": [ids["pending"]],
            "event_id": [ids["event"]],
        }  # fmt: skip
        made = [self.rule.rule]
        for name in self.rule.arguments - set(self.rule.defaults or ()):
            text = f"<{name}>" if f"<{name}>" in self.rule.rule else f"<int:{name}>"
            made = [path.replace(text, str(value)) for path in made for value in named[name]]
        return made


def operations(app: Flask) -> list[Operation]:
    """All that need a key, as the map of routes has them."""
    return [
        Operation(method, rule, facts_of(app, rule.endpoint).role)
        for rule in sorted(app.url_map.iter_rules(), key=str)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if facts_of(app, rule.endpoint).role != "anonymous"
    ]


def leaks(response: Any) -> bool:
    """Whether it tells what is marked, or lists any report: there is one, and its words are kept
    as they are read.
    """
    shown = response.get_data().decode("utf-8", "ignore")
    return MARK in shown.casefold() or '"first_reported_at":"' in shown


IN_GATE = ("approver of another ward",)


@pytest.mark.parametrize("name", gate_takes(CALLERS, *IN_GATE))
def test_key_of_another_unit_is_refused_everywhere(here: World, name: str) -> None:
    caller = asker(here, f"nơi khác {name}", *CALLERS[name])
    bodies, wrong, before = _bodies(here.ids), [], here.state()
    for operation in operations(here.office.app):
        if operation.endpoint in OPEN:
            continue
        if operation.method == "GET" and operation.endpoint in EMPTY_FORMS:
            continue
        wrong += faults(here, caller, operation, bodies.get(operation.endpoint, [{}]))
        now = here.state()
        if changed := [table for table, sum_ in now.items() if before[table] != sum_]:
            wrong.append(f"{operation.method} {operation.rule}: wrote {changed}")
        before = now
    assert wrong == [], "\n".join(wrong)


def test_public_endpoints_show_no_more_to_another_units_administrator(
    here: World,
) -> None:
    caller = asker(here, "quản trị nơi khác", "admin", (OTHER_PROVINCE,))
    for rule in here.office.app.url_map.iter_rules():
        is_open = facts_of(here.office.app, rule.endpoint).role == "anonymous"
        if is_open and "GET" in (rule.methods or ()) and not rule.arguments:
            path = rule.rule
            assert not leaks(caller.ask("GET", path)), path


def faults(
    here: World, caller: Asker, operation: Operation, bodies: list[dict[str, Any]]
) -> Iterator[str]:
    """What a caller of elsewhere could do, or learn, by an operation."""
    for path in operation.paths(here):
        asked = f"{operation.method} {path}"
        if operation.is_list:
            listed = caller.ask(operation.method, path)
            if listed.status_code != (200 if caller.may(operation.role) else 403) or leaks(listed):
                yield f"{asked}: {listed.status_code}, listed {leaks(listed)}"
        for body in bodies if bodies != [{}] or not operation.is_list else ():
            if caller.role in ("carrier", "merchant") and operation.endpoint in FOR_FOLLOWERS:
                continue
            answer = caller.ask(operation.method, path, **operation.sent(body))
            if not is_refusal(answer) or leaks(answer):
                yield f"{asked}: {answer.status_code}, told {leaks(answer)}: {body}"


def is_refusal(answer: Any) -> bool:
    """Whether it is an outside-units or not-found error, and not a statement that the
    request was wrong in itself.
    """
    if answer.status_code == 422:  # a form that is shown again
        return any(each in answer.text for each in ELSEWHERE_TOLD)
    codes = ("outside_units", "not_found", "forbidden", *ELSEWHERE_TOLD)
    return answer.status_code in (403, 404) and any(code in answer.text for code in codes)


@pytest.mark.thorough
def test_national_key_reads_what_other_units_cannot(here: World) -> None:
    """What the walk asks for is there, and its lists hold what must not be listed."""
    country, bodies = seated(here, here.country, "admin"), _bodies(here.ids)
    wrong = []
    for operation in operations(here.office.app):
        if operation.endpoint in {*OPEN, *EMPTY_FORMS} or operation.method != "GET":
            continue
        for path in operation.paths(here):
            answers = [
                country.ask("GET", path, **operation.sent(body))
                for body in ({}, *bodies.get(operation.endpoint, ()))
            ]
            if any(each.status_code in (400, 415, 422) for each in answers[1:]):
                wrong.append(f"{path}: {[each.status_code for each in answers]}")
            if operation.is_list and not any(map(leaks, answers)):
                wrong.append(f"{path}: lists nothing")
    assert wrong == []


@pytest.mark.thorough
def test_province_administrator_decides_on_its_own_reforms(here: World) -> None:
    own = asker(here, "quản trị Hà Nội", "admin", (OWN_PROVINCE,))
    other = asker(here, "quản trị Sài Gòn", "admin", (OTHER_PROVINCE,))
    ids, rename = here.ids, 'changes:\n  - rename: {unit: "26743", name: Bến Mới}\n'
    assert own.ask("GET", f"/v1/reforms/{ids['reform']}").status_code == 200
    # Other units: the dry run refuses, and the deliverer sees why.
    sent = here.send_reform(own.key, resolution(rename, "7/NQ"))
    here.desk.work()
    path = f"/v1/reforms/{sent.get_json()['id']}"
    seen = own.ask("GET", path).get_json()
    assert (seen["state"], seen["trouble"]["code"]) == ("failed", "outside_units")
    assert code_of(other.ask("GET", path)) == (404, "not_found")
    # A reform of both provinces is visible to both, and neither may decide on it.
    moved = f'changes:\n  - province: {{unit: "{COMMUNE}", province: "{OTHER_PROVINCE}"}}\n'
    here.office.client.delete(f"/v1/reforms/{ids['reform']}", headers=bearer(here.country))
    asked = f"/v1/reforms/{ids['prepared']}/withdraw"
    assert own.ask("POST", asked).status_code == 202
    here.desk.work()
    path = (
        f"/v1/reforms/{here.send_reform(here.country, resolution(moved, '8/NQ')).get_json()['id']}"
    )
    here.desk.work()
    for caller in (own, other):
        assert caller.ask("GET", path).get_json()["state"] == "reported"
        assert code_of(caller.ask("DELETE", path)) == (403, "outside_units")
    # Its own it carries and undoes.
    split = here.send_reform(own.key, resolution(SPLIT, "9/NQ")).get_json()["id"]
    here.desk.work()
    for what, body, state in (
        ("carry", {"verdict": 1, "nearest": True}, "carried"),
        ("undo", {}, "undone"),
    ):
        sent = own.ask("POST", f"/v1/reforms/{split}/{what}", json=body)
        assert sent.status_code == 202, sent.text
        here.desk.work()
        seen = own.ask("GET", f"/v1/reforms/{split}").get_json()
        assert (seen["state"], seen["trouble"]) == (state, None)


def test_audit_shows_a_ward_its_own_events_and_those_of_its_keys(here: World) -> None:
    ward = here.key("phường Láng", "approver", COMMUNE)
    register: Register = here.office.app.extensions["diachiso"]
    with (
        acting_as(register.keys.actor(ward.secret)),
        session_scope(here.office.place.engine) as session,
    ):
        found = list(read(session, load_gazetteer(session), Wanted(), 500))
    assert any(COMMUNE in entry.units for entry in found)
    assert any(entry.units == () for entry in found)
    for entry in found:
        assert COMMUNE in entry.units or (not entry.units and entry.actor == f"{MARK} Láng"), entry


NO_IDS = (*("", "0", "-1", str(2**63), "1.5", "\0", "٣", "' OR 1=1 --", "🌿", "../1", "1" * 5_000),)
ID_FIELDS = (
    *("id", "import", "into", "report", "record", "codes", "code", "unit", "units", "commune"),
    *("event_id", "number", "place", "until", "since", "form", "seen", "source"),
)


def forms_with_other_ids(here: World) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each form of the desk, with each of its ids in turn another one."""
    bodies, others = _bodies(here.ids), ("record", "retired", "street", "report", "reform", "key")
    foreign = [str(here.ids[each]) for each in others]
    for operation in operations(here.office.app):
        if operation.method != "POST" or not operation.rule.rule.startswith("/desk/"):
            continue
        for given in (each.get("form", {}) for each in bodies.get(operation.endpoint, [{}])):
            for name in [each for each in given if each in ID_FIELDS]:
                for value in (*NO_IDS, *foreign, [given[name]] * 3, [*foreign, "x"]):
                    yield operation.paths(here)[0], {**given, name: value}


@pytest.mark.thorough
def test_foreign_ids_in_a_form_cause_no_server_error(here: World) -> None:
    """Ids of others, of another kind, of nothing, or twice: never more than a refusal."""
    country = seated(here, here.country, "admin")
    broken = [
        f"{path}: {form}"
        for path, form in forms_with_other_ids(here)
        if country.ask("POST", path, form=form).status_code >= 500
    ]
    assert broken == [], "\n".join(broken)


def test_unknown_id_causes_no_server_error(here: World) -> None:
    country, broken = seated(here, here.country, "admin"), []
    for operation in operations(here.office.app):
        for number in (0, 2**31, 2**63 - 1, 2**63, 10**30)[:: examples(3, 1)]:
            path = re.sub("<int:[^>]*>", str(number), operation.rule.rule)
            if "<" not in path and path != operation.rule.rule:
                answer = country.ask(operation.method, path)
                if answer.status_code >= 500:
                    broken.append(f"{operation.method} {path}: {answer.status_code}")
    assert broken == [], "\n".join(broken)
