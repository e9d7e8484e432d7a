"""PgBouncer before a database, pooled by transactions, as operators of several machines have it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import make_url

from registry.cluster.host import Account
from registry.prepare import make_web_login
from tests.support.postgis import new_folder
from tests.support.waiting import eventually

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
