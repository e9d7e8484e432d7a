"""Which codes and addresses of a list changed since a day or cursor, and why."""

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from geo import code as codes
from registry.core.database import OWNER_ROLE, make_engine, session_scope
from registry.core.errors import CursorRefusedError, InvalidInputError
from registry.core.events import write_scope
from registry.publish.changes.since import changed_since, read_since
from registry.register import Register
from registry.units.gazetteer import today
from scripts.batch import recheck
from tests.support.copies import opened
from tests.support.factories import TEST
from tests.support.keys import Office
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE, LANG, Town

WHY = {"reason": "tests"}
_numbers = iter(range(1, 10_000))


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    with open_office(admin_url, f"recheck_{worker_id}") as made:
        yield made


@pytest.fixture(scope="module")
def place(office: Office) -> Town:
    return office.place


@pytest.fixture(scope="module")
def register(place: Town) -> Iterator[Register]:
    with opened(place.url) as made:
        yield made


def number() -> str:
    return str(next(_numbers))


def now(register: Register) -> str:
    last = register.reads.rows("SELECT coalesce(max(position), 0) FROM feed", {})[0][0]
    return read_since(register, str(last)).now


def kinds(register: Register, since: str, *asked: str) -> dict[str, Any]:
    behind = read_since(register, since)
    return changed_since(register.reads, behind, asked)


def test_each_kind_of_change_is_found_since_a_cursor(place: Town, register: Register) -> None:
    street, quiet = f"Phố Dò {number()}", f"Phố Yên {number()}"
    place.street(street)
    place.street(quiet)
    on_street, still = place.house(number(), street), place.house(number(), quiet)
    moved, verified, merged, kept, gone, back, hidden, twice = (
        place.house(number(), quiet, **LANG) for _ in range(8)
    )
    place.retire(back)
    since = now(register)
    before = kinds(register, since, on_street, still, moved, "10000006")
    assert before == {"10000006": None}
    place.do("rename-street", commune=COMMUNE, street=street, new_name=f"{street} mới", **WHY)
    place.do("move", code=moved, lon=LANG["lon"] + 0.001, lat=LANG["lat"], position_method="gps")
    place.do("verify", code=verified, on="2026-01-02")
    place.do("merge", codes=[merged], into=kept, **WHY)
    place.retire(gone)
    place.do("reinstate", code=back, **WHY)
    place.do("renumber", code=twice, house_number=number())
    place.do("verify", code=twice, on="2026-01-02")
    with write_scope(place.engine, TEST) as session:
        statement = text("UPDATE household SET restricted = true WHERE code = :code")
        session.execute(statement, {"code": hidden})
    new = place.house(number(), quiet)
    (reserved,) = place.reserve()
    found = kinds(
        register,
        since,
        *(on_street, still, moved, verified, merged, kept, gone, back, hidden, twice, new),
        *(reserved, "10000006"),
    )
    kept_kinds = found.pop(kept, ("updated",))
    assert kept_kinds is not None
    assert found == {
        on_street: ("renamed",),
        moved: ("moved",),
        verified: ("updated",),
        merged: ("merged",),
        gone: ("retired",),
        back: ("new",),
        hidden: ("removed",),
        twice: ("renamed",),
        new: ("new",),
        reserved: (),
        "10000006": None,
    }
    assert kinds(register, now(register), *found) == {"10000006": None}


def test_day_starts_at_midnight_in_viet_nam(place: Town, register: Register) -> None:
    code = place.house(number())
    day = today()
    owner = make_engine(place.url, role=OWNER_ROLE, pool_size=1)
    with session_scope(owner) as session:
        session.execute(text("ALTER TABLE event DISABLE TRIGGER event_append_only"))
        statement = text("UPDATE event SET occurred_at = occurred_at - interval '3 days'")
        session.execute(statement)
        session.execute(text("ALTER TABLE event ENABLE TRIGGER event_append_only"))
    owner.dispose()
    assert kinds(register, day.isoformat(), code) == {}
    assert kinds(register, (day - datetime.timedelta(days=4)).isoformat(), code) == {code: ("new",)}
    assert kinds(register, "0001-01-01", code) == {code: ("new",)}
    place.do("verify", code=code, on="2026-01-02")
    assert kinds(register, f"{day:%d/%m/%Y}", code) == {code: ("updated",)}


@pytest.mark.parametrize(
    ("since", "code"),
    [
        ("", "malformed_since"),
        ("hôm qua", "malformed_since"),
        ("13/13/2026", "malformed_day"),
        ("2999-01-01", "day_in_future"),
        ("2.x", "malformed_cursor"),
        ("99999999999999999", "beyond_the_end"),
    ],
)
def test_invalid_feed_position_is_refused(register: Register, since: str, code: str) -> None:
    with pytest.raises((InvalidInputError, CursorRefusedError)) as refused:
        read_since(register, since)
    errors = refused.value.extra.get("errors")
    assert (errors[0]["code"] if errors else refused.value.extra["reason"]) == code  # type: ignore[index]


def test_only_changed_rows_are_returned_over_http(office: Office, register: Register) -> None:
    place = office.place
    street = f"Phố Sổ {number()}"
    place.street(street)
    split, renumbered, same = (place.house(number(), street, **LANG) for _ in range(3))
    written = f"{place.row(same).house_number} {street}, Phường Láng, Hà Nội"
    since = now(register)

    def ask(rows: list[dict[str, str]], since: str) -> Any:
        body = "".join(json.dumps(row) + "\n" for row in rows)
        return office.client.post(
            f"/v1/batch/validate?since={since}",
            data=body,
            headers={"Content-Type": "application/x-ndjson"},
        )

    asked = [
        {"order": "1", "code": f"{split[:4]}-{split[4:]}"},
        {"order": "2", "code": same},
        {"order": "3", "address": written},
        {"order": "4", "code": "khong"},
        {"order": "5", "address": "Sao Hoả"},
        {"order": "6", "code": renumbered},
    ]
    quiet = ask(asked, since)
    assert quiet.text == ""
    heads = ("Changed-Rows", "Unchanged-Rows", "Rows-Without-Door")
    assert [quiet.headers[name] for name in heads] == ["0", "4", "2"]
    parts = [{"house_number": "901"}, {"house_number": "903"}]
    heirs = [
        r.code for r in place.do("split", code=split, parts=parts, **WHY).records if r.code != split
    ]
    place.do("renumber", code=renumbered, house_number="905A")
    found = ask(asked, quiet.headers["Next-Since"])
    first, second = [json.loads(line) for line in found.text.splitlines()]
    assert (first["order"], first["result"]["reasons"]) == ("1", ["split"])
    assert sorted(c["code"] for c in first["result"]["candidates"]) == sorted(heirs)
    assert (second["order"], second["result"]["reasons"]) == ("6", ["renamed"])
    assert second["result"]["candidates"][0]["label"].startswith(f"905A {street}")
    assert ask(asked, found.headers["Next-Since"]).text == ""
    lookup = office.client.post(f"/v1/batch/lookup?since={since}", data="code\n")
    assert lookup.status_code == 422
    table = f"mã đơn,result_code\nA,{renumbered}\nB,{same}\n"
    as_csv = office.client.post(
        f"/v1/batch/validate?since={since}", data=table, headers={"Content-Type": "text/csv"}
    )
    head, row = as_csv.text.splitlines()
    assert head.startswith("mã đơn,result_status,result_reasons,result_code,result_label")
    assert row.startswith(f'A,changed,renamed,{codes.format(renumbered)},"905A {street},')


@pytest.mark.thorough
def test_file_is_rechecked_by_several_processes(
    office: Office,
    register: Register,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = office.place
    code, other = place.house(number()), place.house(number())
    since = now(register)
    place.do("renumber", code=code, house_number="907B")
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    rows = [other] * 6_000 + [code] + [other] * 10
    source.write_text("\n".join(["mã", *rows]) + "\n", encoding="utf-8")
    monkeypatch.setenv("DATABASE_URL", place.url)
    arguments = [str(source), str(target), "--since", since, "--processes", "2"]
    done = CliRunner().invoke(recheck, arguments)
    assert (done.exit_code, done.exception) == (0, None), done.output
    head, *found = target.read_text(encoding="utf-8").splitlines()
    assert head.startswith("mã,result_status,result_reasons")
    assert [line.split(",")[:3] for line in found] == [[code, "changed", "renamed"]]
    assert "6.011 dòng, 1 đã đổi" in done.stderr
    assert "--since 2." in done.stderr
