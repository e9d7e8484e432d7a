"""`diachiso keys` and `diachiso audit`, as an operator runs them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from registry.access.keys import LENGTH, PREFIX
from scripts.main import diachiso
from tests.support import postgis

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def url(admin_url: str, worker_id: str) -> Iterator[str]:
    with postgis.clone(admin_url, f"key_commands_{worker_id}") as made:
        yield made


@pytest.fixture
def run(url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command; a RegistryError is its exception, as `scripts.main` shows it in one line."""
    monkeypatch.setenv("DATABASE_URL", url)
    return lambda *arguments: CliRunner().invoke(diachiso, [*arguments])


def listed(run: Run) -> dict[str, dict[str, Any]]:
    found = json.loads(run("keys", "list", "--format", "json").stdout)
    return {key["name"]: key for key in found}


def test_only_the_new_key_is_printed_and_only_once(run: Run) -> None:
    made = run("keys", "create", "UBND Láng", "--role", "editor", "--unit", "00199, 00004")
    secret = made.stdout.strip()
    assert made.exit_code == 0
    assert secret.startswith(PREFIX)
    assert len(secret) == LENGTH
    key = listed(run)["UBND Láng"]
    assert (key["role"], key["units"], key["state"]) == ("editor", ["00004", "00199"], "active")
    assert (key["ending"], key["last_used_at"]) == (secret[-4:], None)
    assert secret not in run("keys", "list").stdout
    assert "UBND Láng  editor  đang dùng  đơn vị 00004, 00199" in run("keys", "list").stdout


def test_key_is_bound_to_other_units(run: Run) -> None:
    run("keys", "create", "Gắn lại", "--role", "editor", "--unit", "00199")
    assert run("keys", "bind", "Gắn lại", "--unit", "00004", "--dry-run").exit_code == 0
    assert listed(run)["Gắn lại"]["units"] == ["00199"]
    done = run("keys", "bind", "Gắn lại", "--unit", "00004,00008", "--unit", "00004")
    assert done.stdout == "Gắn lại: 00199 → 00004, 00008\n"
    assert listed(run)["Gắn lại"]["units"] == ["00004", "00008"]
    for codes in ("00001", "99999", ","):  # ended, unknown, empty
        assert run("keys", "bind", "Gắn lại", "--unit", codes).exit_code == 1
    assert listed(run)["Gắn lại"]["units"] == ["00004", "00008"]
    assert "keys bind: Gắn lại" in run("audit").stdout


def test_units_rate_and_expiry_are_shown(run: Run) -> None:
    made = run(
        *("keys", "create", "EMS", "--role", "carrier", "--rate", "90"),
        *("--expires", "31/12/2099", "--format", "json"),
    )
    body = json.loads(made.stdout)
    assert body["expires_at"] == "2100-01-01T00:00:00+07:00"
    assert listed(run)["EMS"]["rate_per_minute"] == 90
    run("keys", "create", "mãi mãi", "--role", "admin", "--expires", "never")
    assert listed(run)["mãi mãi"]["expires_at"] is None


@pytest.mark.parametrize(
    "arguments",
    [
        ("x", "--role", "editor"),
        ("x", "--role", "approver"),
        ("x", "--role", "carrier", "--unit", "01"),
        ("x", "--role", "editor", "--unit", "99999"),
        ("x", "--role", "editor", "--unit", "001"),
        (" ", "--role", "admin"),
        ("operator", "--role", "admin"),
        ("anonymous", "--role", "admin"),
        ("a\nb", "--role", "admin"),
        ("x" * 101, "--role", "admin"),
        ("x", "--role", "admin", "--expires", "2020-01-01"),
        ("x", "--role", "admin", "--expires", "mai"),
        ("x", "--role", "king"),
        ("x", "--role", "admin", "--rate", "0"),
    ],
)
def test_invalid_key_is_not_created(run: Run, arguments: tuple[str, ...]) -> None:
    result = run("keys", "create", *arguments)
    assert result.exit_code != 0
    assert "x" not in listed(run)


def test_name_cannot_be_reused(run: Run) -> None:
    assert run("keys", "create", "một lần", "--role", "admin").exit_code == 0
    run("keys", "revoke", "một lần")
    assert run("keys", "create", "một lần", "--role", "admin").exit_code == 1


def test_key_is_replaced_with_an_overlap(run: Run) -> None:
    first = run("keys", "create", "thay", "--role", "merchant").stdout.strip()
    second = run("keys", "rotate", "thay", "--overlap", "2").stdout.strip()
    key = listed(run)["thay"]
    assert first != second
    assert key["ending"] == second[-4:]
    assert key["previous_until"] > key["rotated_at"]
    before = key["expires_at"]
    assert json.loads(run("keys", "rotate", "thay", "--format", "json").stdout)["key"] != second
    assert listed(run)["thay"]["expires_at"] == before
    for never in ("never", "31/12/9999"):
        run("keys", "rotate", "thay", "--expires", never)
        assert listed(run)["thay"]["expires_at"] is None


def test_revoked_key_stays_revoked(run: Run) -> None:
    run("keys", "create", "hỏng", "--role", "merchant")
    assert run("keys", "revoke", "hỏng").exit_code == 0
    assert "already" in run("keys", "revoke", "hỏng").stdout
    assert listed(run)["hỏng"]["state"] == "revoked"
    assert run("keys", "rotate", "hỏng").exit_code == 1
    for command in ("rotate", "revoke"):
        assert run("keys", command, "không có").exit_code == 1


def test_dry_run_creates_and_shows_no_key(run: Run) -> None:
    made = run("keys", "create", "thử", "--role", "admin", "--dry-run")
    assert (made.exit_code, made.stdout) == (0, "")
    assert "thử" not in listed(run)
    first = run("keys", "create", "thật", "--role", "admin").stdout.strip()
    run("keys", "rotate", "thật", "--dry-run")
    run("keys", "revoke", "thật", "--dry-run")
    key = listed(run)["thật"]
    assert (key["ending"], key["state"], key["rotated_at"]) == (first[-4:], "active", None)


def test_key_creation_is_in_the_audit_log(run: Run) -> None:
    run("keys", "create", "ghi sổ", "--role", "editor", "--unit", "01")
    found = json.loads(
        run("audit", "--actor", "operator", "--unit", "01", "--format", "json").stdout
    )
    assert found[0]["endpoint"] == "keys create: ghi sổ"
    assert (found[0]["role"], found[0]["outcome"]) == ("admin", "ok")
    line = run("audit", "--limit", "1").stdout
    assert "operator (admin)  keys create: ghi sổ  200 ok  đơn vị 01" in line
    assert run("audit", "--refused").stdout == ""
    assert run("audit", "--since", "2099-01-01").stdout == ""
    assert run("audit", "--since", "hôm qua").exit_code == 2


def test_one_person_authority_is_shown_and_audited(run: Run) -> None:
    made = run("keys", "create", "xã một người", "--role", "approver", "--unit", "00004", "--alone")
    assert made.exit_code == 0
    assert listed(run)["xã một người"]["approves_own"] is True
    assert "một người" in run("keys", "list").stdout
    assert run("keys", "alone", "xã một người", "--off", "--dry-run").exit_code == 0
    assert listed(run)["xã một người"]["approves_own"] is True
    run("keys", "alone", "xã một người", "--off")
    assert listed(run)["xã một người"]["approves_own"] is False
    assert "keys not alone: xã một người" in run("audit", "--limit", "1").stdout
    run("keys", "create", "chỉ giao", "--role", "editor", "--unit", "00004")
    assert run("keys", "alone", "chỉ giao").exit_code != 0
    assert run("keys", "alone", "không có").exit_code != 0
