"""Settings as the environment gives them."""

from dataclasses import replace
from pathlib import Path

import pytest

from registry.core.settings import Settings, from_environment, unknown_variables
from registry.jobs.submission import IMPORTS

TILES = "https://tiles.vn/{z}/{x}/{y}.png"


def test_unset_settings_have_defaults() -> None:
    assert from_environment({}) == Settings()
    assert from_environment({"DIACHISO_LIMITS": " ", "DIACHISO_PROXIES": ""}) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("DIACHISO_LIMITS", "off", "limits", False),
        ("DIACHISO_LIMITS", "ON", "limits", True),
        ("DIACHISO_ANONYMOUS_READS", "off", "anonymous_reads", False),
        ("DIACHISO_RATE_PER_ADDRESS", "7", "rate_per_address", 7),
        ("DIACHISO_RATE_PER_KEY", "7", "rate_per_key", 7),
        ("DIACHISO_BUDGET_PER_ADDRESS", "0", "budget_per_address", 0),
        ("DIACHISO_BUDGET_PER_KEY", "0", "budget_per_key", 0),
        ("DIACHISO_KEY_AGE_S", "0", "key_age_s", 0),
        ("DIACHISO_PROXIES", "2", "proxies", 2),
        ("DIACHISO_IPV6_PREFIX", "48", "ipv6_prefix", 48),
        ("DIACHISO_LEAVE_S", "5", "leave_s", 5),
        ("DIACHISO_REPLICA_AGE_S", "60", "replica_age_s", 60),
        ("DIACHISO_AUDIT_DAYS", "31", "audit_days", 31),
        ("DIACHISO_LANG", "en", "lang", "en"),
        ("DIACHISO_PUBLIC_URL", "https://diachi.vn/", "public_url", "https://diachi.vn"),
        ("DIACHISO_BASEMAP", TILES, "basemap", TILES),
        ("DIACHISO_ROUTING_URL", "http://osrm:5000/vn/", "routing_url", "http://osrm:5000/vn"),
    ],
)
def test_setting_is_read_from_its_variable(
    name: str, value: str, field: str, expected: object
) -> None:
    assert from_environment({name: value}) == replace(Settings(), **{field: expected})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DIACHISO_LIMITS", "perhaps"),
        ("DIACHISO_ANONYMOUS_READS", "2"),
        ("DIACHISO_RATE_PER_KEY", "0"),
        ("DIACHISO_RATE_PER_ADDRESS", "-1"),
        ("DIACHISO_PROXIES", "one"),
        ("DIACHISO_IPV6_PREFIX", "65"),
        ("DIACHISO_AUDIT_DAYS", "30"),
        ("DIACHISO_LANG", "fr"),
        ("DIACHISO_REPLICA_AGE_S", "0"),
        ("DATABASE_WEB_URL", "postgresql://pooler/x"),
        ("DIACHISO_PUBLIC_URL", "diachi.vn"),
        ("DIACHISO_PUBLIC_URL", "https://diachi.vn/so"),
        ("DIACHISO_BASEMAP", "https://tiles.vn/{z}/{x}.png"),
        ("DIACHISO_BASEMAP", "https://tiles.vn; script-src *//{z}/{x}/{y}"),
        ("DIACHISO_BASEMAP", "https://tiles.vn/{z}/{x}/{y}'unsafe-inline'"),
        ("DIACHISO_BASEMAP", "/khong/co/tep.pmtiles"),
        ("DIACHISO_BASEMAP", __file__),
        ("DIACHISO_ROUTING_URL", "file:///etc/passwd"),
        ("DIACHISO_ROUTING_URL", "osrm:5000"),
    ],
)
def test_invalid_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        from_environment({name: value})


URL = "postgresql://diachiso:x@db/diachiso"


def test_secrets_are_read_from_files(tmp_path: Path) -> None:
    url, secret = tmp_path / "database_url", tmp_path / "secret"
    url.write_text(f"{URL}\n")
    secret.write_text("geheim\n")
    files = {"DATABASE_URL_FILE": str(url), "DIACHISO_OIDC_CLIENT_SECRET_FILE": str(secret)}
    assert from_environment(files) == Settings(database_url=URL, oidc_client_secret="geheim")
    assert unknown_variables(files) == []


def test_variable_precedes_its_file() -> None:
    environ = {"DATABASE_URL": URL, "DATABASE_URL_FILE": "/khong/co"}
    assert from_environment(environ).database_url == URL


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_READ_URL", "DATABASE_WEB_URL"])
def test_secret_file_must_contain_a_value(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").write_text("\n")
    for path in (tmp_path / "empty", tmp_path / "missing"):
        with pytest.raises(ValueError, match=f"{name}_FILE"):
            from_environment({f"{name}_FILE": str(path)})


@pytest.mark.parametrize(
    "value",
    ["geheim", "mysql://me:geheim@db/x", "postgresql://me@db:geheim/x", "host=db password=geheim"],
)
@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_READ_URL"])
def test_invalid_database_url_is_reported_without_its_password(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} phải có dạng postgresql://") as raised:
        from_environment({name: value})
    assert "geheim" not in str(raised.value)


def test_usual_database_urls_are_accepted() -> None:
    for url in (
        "postgresql://me:a%40b@db.example:5433/x",
        "postgres://db/x",
        "postgresql+psycopg://db/x",
        "postgresql:///x?host=/run/postgresql",
    ):
        assert from_environment({"DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (
            "postgresql://me:a%40b@db1:5433,db2/x",
            "postgresql://me:a%40b@/x?host=db1,db2&port=5433,5432&target_session_attrs=",
        ),
        (
            "postgresql://[::1]:5,b/x?sslmode=require",
            "postgresql:///x?host=::1,b&port=5,5432&sslmode=require&target_session_attrs=",
        ),
        (
            "postgresql:///x?host=a,b&port=1,2",
            "postgresql:///x?host=a,b&port=1,2&target_session_attrs=",
        ),
    ],
)
def test_several_servers_fit_one_url(written: str, read: str) -> None:
    made = from_environment({"DATABASE_URL": written, "DATABASE_READ_URL": written})
    assert (made.database_url, made.database_read_url) == (
        f"{read}primary",
        f"{read}prefer-standby",
    )
    chosen = f"{read}read-write"
    assert from_environment({"DATABASE_URL": chosen}).database_url == f"{read}primary"
    with pytest.raises(ValueError, match="several servers are written"):
        from_environment({"DATABASE_URL": "postgresql:///x?host=a:1&host=b:2"})


def test_machines_share_delivered_files() -> None:
    first, second = (
        from_environment({"DIACHISO_VAR": var, "DIACHISO_FILES": "/disk"}) for var in ("/a", "/b")
    )
    assert IMPORTS.folder(first, 7) == IMPORTS.folder(second, 7)


def test_unknown_variable_is_reported() -> None:
    every = dict.fromkeys(
        ("DIACHISO_LIMITS", "DIACHISO_VAR", "DIACHISO_SHARED", "DATABASE_URL", "HOME"), ""
    )
    assert unknown_variables(every) == []
    assert unknown_variables({**every, "DIACHISO_RATE": "1"}) == ["DIACHISO_RATE"]
