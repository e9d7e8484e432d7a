"""Two web nodes on one database, each by a pooler and with a folder of its own: a caller may be
answered by either at any time.
"""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg
import pytest
import requests
from sqlalchemy import make_url

from geo import code as codes
from registry.access.budget import COST
from registry.access.keys import KeyMade, NewKey, create_key
from registry.core.database import make_engine, session_scope
from registry.core.errors import WrongRoleError
from registry.core.roles import Role
from registry.core.settings import Settings
from registry.ops.cluster.host import Account
from registry.ops.doctor import State, run_probes
from registry.ops.prepare import make_web_login
from tests.support.background import worker
from tests.support.browser import serving
from tests.support.factories import next_code
from tests.support.keys import bearer
from tests.support.lifecycle import COMMUNE, Town, town
from tests.support.postgis import new_folder
from tests.support.uploads import row, table
from tests.support.waiting import eventually

_BUDGET: Final = 3 * COST
_POOLED: Final = 3
_CSRF: Final = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


_PROGRAM: Final = "/usr/sbin/pgbouncer"
LOGIN: Final = "diachiso_web"


@contextmanager
def pooled(url: str, pool_size: int = 3) -> Iterator[str]:
    """The URL by which the database is reached through PgBouncer, which has so few connections.

    Skips the test where the package is missing.
    """
    if shutil.which(_PROGRAM) is None:
        pytest.skip("PgBouncer is not installed (apt-get install pgbouncer)")
    make_web_login(url, LOGIN, statement_timeout_ms=10_000)
    parsed = make_url(url)
    behind, port = Path(str(parsed.query["host"])), parsed.query["port"]
    folder = new_folder()
    # Of the cluster's account: as root PgBouncer does not run.
    account = Account.by_uid(behind.stat().st_uid)
    folder.chmod(0o711)
    shutil.chown(folder, account.uid, account.gid)
    account.write(
        folder / "pgbouncer.ini",
        f"""\
[databases]
{parsed.database} = host={behind} port={port} user={LOGIN}
[pgbouncer]
unix_socket_dir = {folder}
listen_port = {port}
auth_type = any
pool_mode = transaction
default_pool_size = {pool_size}
max_prepared_statements = 200
ignore_startup_parameters = options
""",
    )
    server = account.spawn(folder / "log", _PROGRAM, folder / "pgbouncer.ini")
    try:
        eventually((folder / f".s.PGSQL.{port}").exists, "PgBouncer listens")
        yield parsed.update_query_dict({"host": str(folder)}).render_as_string(hide_password=False)
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Nodes:
    """Two web nodes, and the register behind them."""

    place: Town
    urls: tuple[str, str]
    pooler: str
    second: dict[str, str]
    """Settings of the second."""

    def key(self, name: str, role: Role = "carrier", **more: Any) -> KeyMade:
        with session_scope(self.place.engine) as session:
            return create_key(
                session, NewKey(name, role, (COMMUNE,) if role == "approver" else (), **more)
            )

    def get(self, node: int, path: str, key: KeyMade | None = None) -> requests.Response:
        return requests.get(self.urls[node] + path, headers=bearer(key), timeout=30)

    def post(self, node: int, path: str, key: KeyMade, **fields: Any) -> requests.Response:
        return requests.post(self.urls[node] + path, headers=bearer(key), timeout=30, **fields)


@pytest.fixture(scope="module")
def nodes(
    admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nodes]:
    first, second, shared = (tmp_path_factory.mktemp(name) for name in ("a", "b", "shared"))
    with (
        town(admin_url, f"nodes_{worker_id}") as place,
        pooled(place.url, _POOLED) as pooler,
    ):
        environment = {
            "DATABASE_WEB_URL": pooler,
            "DIACHISO_FILES": str(shared),
            "DIACHISO_LIMITS": "on",
            "DIACHISO_BUDGET_PER_KEY": str(_BUDGET),
        }
        with (
            serving(place.url, DIACHISO_VAR=str(first), **environment) as one,
            serving(place.url, DIACHISO_VAR=str(second), **environment) as other,
        ):
            yield Nodes(place, (one, other), pooler, environment | {"DIACHISO_VAR": str(second)})


def test_request_counts_are_shared_by_both_nodes(nodes: Nodes) -> None:
    def left(node: int, key: KeyMade) -> int:
        asked = nodes.get(node, "/v1/whoami", key)
        return int(asked.headers["RateLimit"].partition(";r=")[2].partition(";")[0])

    def counted(name: str) -> bool:
        key, minute = nodes.key(name, rate_per_minute=20), int(time.time()) // 60
        lefts = [left(0, key) for _ in range(12)] + [left(1, key) for _ in range(2)]
        refused = [nodes.get(1, "/v1/whoami", key).status_code for _ in range(9)]
        if int(time.time()) // 60 != minute:
            return False
        # Each node synchronises with the other on every second request.
        assert lefts == [*range(19, 7, -1), 19, 6]
        assert refused == [*[200] * 6, *[429] * 3]
        return True

    assert any(counted(f"nhịp {attempt}") for attempt in range(3))


def test_budget_is_shared_by_both_nodes(nodes: Nodes) -> None:
    key = nodes.key("ngân sách")
    asked = [
        nodes.get(node, f"/v1/addresses/{codes.format(next_code())}", key).status_code
        for node in (0, 0, 1, 1)
    ]
    assert asked == [404, 404, 404, 429]


def test_session_is_valid_on_both_nodes(nodes: Nodes) -> None:
    browser = requests.Session()
    key = nodes.key("bàn", "approver")
    signed = browser.post(f"{nodes.urls[0]}/desk/sign-in", {"key": key.secret}, timeout=30)
    # The nodes have one name and one port to the browser, which gives its cookie to either.
    seat = {"Cookie": f"desk={browser.cookies['desk']}"}
    page = requests.get(f"{nodes.urls[1]}/desk", headers=seat, timeout=30)
    assert (signed.status_code, page.status_code) == (200, 200)
    form = _CSRF.search(page.text)
    assert form
    out = f"{nodes.urls[0]}/desk/sign-out"
    left = requests.post(out, {"csrf": form[1]}, headers=seat, timeout=30, allow_redirects=False)
    assert left.status_code == 303
    again = requests.get(f"{nodes.urls[1]}/desk", headers=seat, timeout=30, allow_redirects=False)
    assert again.status_code in (303, 401)


def test_import_continues_on_either_node(nodes: Nodes) -> None:
    key = nodes.key("phường", "approver", approves_own=True)
    file = table(row("301", "n1"), row("303", "n2"))
    sent = nodes.post(
        0, "/v1/imports", key, data={"source": "phường"}, files={"file": ("hộ dân.csv", file)}
    )
    assert sent.status_code == 202, sent.text
    path = f"/v1/imports/{sent.json()['id']}"

    def is_now(node: int, state: str) -> Callable[[], bool]:
        return lambda: nodes.get(node, path, key).json()["state"] == state

    with worker(nodes.place.url, **nodes.second):
        eventually(is_now(1, "reported"), "it is tried", within_s=120)
        asked = nodes.post(1, f"{path}/publish", key, json={"verdict": 1})
        assert asked.status_code == 202, asked.text
        eventually(is_now(0, "published"), "it is published", within_s=120)
    codes_file = nodes.get(0, f"{path}/codes", key)
    assert (codes_file.status_code, codes_file.text.count("Phố Láng")) == (200, 2)


def test_report_is_filed_once(nodes: Nodes) -> None:
    key, code = nodes.key("bưu tá"), nodes.place.house("11")
    once = {"Idempotency-Key": "0b0e7a52-6d55-4d52-9c58-2f7b0b6f2c11"}
    sent = [
        requests.post(
            f"{url}/v1/reports",
            json={"kind": "confirmed", "code": code},
            headers=bearer(key) | once,
            timeout=30,
        ).json()
        for url in nodes.urls
    ]
    assert sent[0]["id"] == sent[1]["id"]


def test_rename_on_one_node_is_visible_on_both(nodes: Nodes) -> None:
    admin = nodes.key("quản trị", "admin", approves_own=True)
    nodes.place.street("Phố Hàng Vải")
    code = nodes.place.house("7", "Phố Hàng Vải")
    path = f"/v1/geocode?q={quote('7 Phố Mạn Đông, Phường Láng, Hà Nội')}"
    assert [code in nodes.get(node, path).text for node in (0, 1)] == [False, False]
    given = {"commune": COMMUNE, "street": "Phố Hàng Vải", "new_name": "Phố Mạn Đông"}
    renamed = nodes.post(0, "/v1/operations/rename-street", admin, json=given)
    assert renamed.status_code == 200, renamed.text
    assert [code in nodes.get(node, path).text for node in (1, 0)] == [True, True]


@pytest.mark.parametrize("path", ["/tiles/6/50/28", "/v1/packs/keys", "/v1/units/00004"])
def test_both_nodes_give_the_same_answers(nodes: Nodes, path: str) -> None:
    one, other = (nodes.get(node, path) for node in (0, 1))
    assert (one.status_code, one.content) == (200, other.content)
    assert one.headers["ETag"] == other.headers["ETag"]
    kept = {"If-None-Match": one.headers["ETag"]}
    assert requests.get(nodes.urls[1] + path, headers=kept, timeout=30).status_code == 304


def test_nodes_use_no_more_connections_than_the_pooler_has(nodes: Nodes) -> None:
    ((connections,),) = nodes.place.rows(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE usename = :login AND datname = current_database()",
        login=LOGIN,
    )
    assert 0 < connections <= _POOLED


def test_connections_ended_by_the_database_fail_no_request(nodes: Nodes) -> None:
    admin = nodes.key("quản trị viên", "admin")
    with psycopg.connect(nodes.place.url) as superuser:
        ended = superuser.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
            " WHERE usename = %s AND datname = current_database()",
            [LOGIN],
        )
        assert ended.fetchall()
    for node in (0, 1):
        assert nodes.get(node, f"/v1/coverage/{COMMUNE}").status_code == 200
        reserved = nodes.post(node, "/v1/operations/reserve", admin, json={"count": 1})
        assert reserved.status_code == 200, reserved.text


def test_doctor_works_through_the_pooler(nodes: Nodes) -> None:
    settings = Settings(
        database_url=nodes.place.url,
        database_web_url=nodes.pooler,
        database_read_url=nodes.pooler,
    )
    found = {result.name: result for result in run_probes(settings)}
    assert {found[name].state for name in ("web_database", "read_replica")} == {State.OK}


def test_session_settings_through_the_pooler_are_refused_with_the_remedy(nodes: Nodes) -> None:
    engine = make_engine(nodes.pooler)
    with pytest.raises(WrongRoleError, match="DATABASE_WEB_URL"), session_scope(engine):
        engine.connect()
    engine.dispose()
    with psycopg.connect(nodes.pooler) as connection:
        found = connection.execute("SELECT current_user, current_setting('TimeZone')").fetchone()
    assert found == ("diachiso_app", "Asia/Ho_Chi_Minh")
