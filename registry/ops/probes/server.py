"""Probes of the database server: reachable, recent enough, and configured not to lose data."""

from typing import Final

from sqlalchemy import Connection, text

from registry.core.database import APP_ROLE, OWNER_ROLE
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.ops import cluster
from registry.ops.backup.tools import connected
from registry.ops.prepare import EXTENSIONS, OLDEST_POSTGIS, OLDEST_SERVER
from registry.ops.probes.alerts import Alert
from registry.ops.probes.probe import Finding, Need, Subject, all_of, failure, ok, probe, warning

SQL: Final = Statements(__file__, "queries.sql")

_IS_MEMBER: Final = text(
    "SELECT pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = :role"
)
_LOSSY: Final = {
    "fsync": Message("without_fsync"),
    "full_page_writes": Message("without_full_page_writes"),
    "synchronous_commit": Message("without_synchronous_commit"),
}


@probe(
    Alert(
        "DatabaseDown",
        "diachiso_database_up == 0",
        "page",
        "{{ $labels.instance }} does not reach its database",
        lasts="1m",
    ),
    hint=Message("advice_start_or_correct"),
    need=Need.NOTHING,
)
def server_answers(subject: Subject) -> Finding:
    """The database server answers and is PostgreSQL 15 or later."""
    connection = subject.connect()
    number = int(connection.scalar(text("SHOW server_version_num")) or 0)
    version = connection.scalar(text("SHOW server_version"))
    if number < OLDEST_SERVER:
        return failure(f"PostgreSQL {version}")
    if connection.scalar(text("SELECT pg_is_in_recovery()")):
        return warning(Message("postgresql_is_standby", version=version))
    return ok(f"PostgreSQL {version}")


@probe(hint=Message("advice_install_packages"), need=Need.DATABASE)
def extensions(subject: Subject) -> Finding:
    """The extensions are there, PostGIS in version 3.3 or later."""
    rows = subject.connection.execute(
        text("SELECT extname AS name, extversion AS version FROM pg_extension")
    )
    installed = {row.name: row.version for row in rows}
    missing = [name for name in EXTENSIONS if name not in installed]
    if missing:
        return failure(Message("objects_missing", names=missing))
    versions = ", ".join(f"{name} {installed[name]}" for name in EXTENSIONS)
    postgis = installed["postgis"]
    if tuple(int(part) for part in postgis.split(".")[:2]) < OLDEST_POSTGIS:
        return failure(versions)
    library = subject.connection.scalar(text("SELECT postgis_lib_version()"))
    if library != postgis:
        return warning(Message("extension_and_library_differ", said=versions, library=library))
    return ok(versions)


@probe(hint=Message("advice_restore_as_utf8"), need=Need.DATABASE)
def encoding(subject: Subject) -> Finding:
    """The database stores text as UTF-8."""
    found = subject.connection.scalar(text("SHOW server_encoding"))
    return ok() if found == "UTF8" else failure(f"it is {found}")


@probe(hint=Message("advice_enable_settings"), need=Need.DATABASE)
def durable(subject: Subject) -> Finding:
    """The server writes what it commits: fsync, full_page_writes, synchronous_commit."""
    off = [
        Message("durability_setting_off", name=name, consequence=what)
        for name, what in _LOSSY.items()
        if _setting(subject.connection, name) == "off"
    ]
    return all_of(off)


@probe(hint=Message("advice_enable_checksums"), need=Need.DATABASE)
def checksums(subject: Subject) -> Finding:
    """The server notices damaged pages: data_checksums."""
    if _setting(subject.connection, "data_checksums") == "on":
        return ok()
    return warning(Message("checksums_off"))


@probe(hint=Message("advice_prepare_as_admin"), need=Need.DATABASE)
def roles(subject: Subject) -> Finding:
    """Both roles are there, and this login may act as them."""
    problems = []
    for role in (OWNER_ROLE, APP_ROLE):
        is_member = subject.connection.scalar(_IS_MEMBER, {"role": role})
        if is_member is None:
            problems.append(Message("role_missing_here", role=role))
        elif not is_member:
            problems.append(Message("login_not_member", role=role))
    return all_of(problems, well=f"{OWNER_ROLE}, {APP_ROLE}")


@probe(hint=Message("advice_connect_directly"), need=Need.DATABASE)
def application_role_is_taken(subject: Subject) -> Finding:
    """A new connection acts as the application's role."""
    with connected(cluster.database_url(subject.settings), role=APP_ROLE):
        return ok(APP_ROLE)


@probe(
    hint=Message("advice_limit_role", app_role=APP_ROLE, owner_role=OWNER_ROLE), need=Need.DATABASE
)
def application_role_is_bound(subject: Subject) -> Finding:
    """The application's role cannot get around rules: no superuser, no owner, no other's member."""
    row = subject.connection.execute(SQL.text("application_role"), {"role": APP_ROLE}).one_or_none()
    if row is None:
        return failure(Message("role_missing_here", role=APP_ROLE))
    is_super, bypasses, makes_roles, memberships, owned = row
    problems = {
        Message("role_is_superuser"): is_super,
        Message("bypasses_row_level_security"): bypasses,
        Message("role_can_create_roles"): makes_roles,
        Message("role_is_member", memberships=", ".join(memberships)): memberships,
        Message("role_owns", owned=", ".join(owned)): owned,
    }
    return all_of(each for each, holds in problems.items() if holds)


def _setting(connection: Connection, name: str) -> str | None:
    value: str | None = connection.scalar(
        text("SELECT setting FROM pg_settings WHERE name = :name"), {"name": name}
    )
    return value
