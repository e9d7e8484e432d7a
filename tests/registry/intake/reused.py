"""A register that one test after the other works in; each finds it as it was made.

A copy, and connections that know nothing yet, take a third of the time of a small import. So rows
of tables that were written are taken out again, and a database in which a test did more than that
is dropped: triggers that no other database has note what was written, and whether a table, a
constraint or a function was changed.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from sqlalchemy import Engine, event

from registry.core.database import make_engine
from tests.support import postgis

_FEW: Final = 500
"""Rows of the seeds that are put back where a test changed them."""
_OFTEN: Final = 80
"""Tests after which a new copy is faster than one full of what was deleted."""
_NOTE: Final = """
    CREATE SCHEMA reused;
    CREATE TABLE reused.written (name text);
    CREATE FUNCTION reused.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO reused.written VALUES (TG_RELID::regclass::text);
        RETURN NULL;
    END $$;
    CREATE FUNCTION reused.note_change() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
    AS $$
    BEGIN
        INSERT INTO reused.written SELECT 'anything' FROM pg_event_trigger_ddl_commands()
        WHERE schema_name IS DISTINCT FROM 'pg_temp' LIMIT 1;
    END $$;
    CREATE FUNCTION reused.note_drop() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
    AS $$
    BEGIN
        INSERT INTO reused.written SELECT 'anything' FROM pg_event_trigger_dropped_objects()
        WHERE NOT is_temporary LIMIT 1;
    END $$;
"""
_NOTE_CHANGES: Final = """
    CREATE EVENT TRIGGER reused ON ddl_command_end EXECUTE FUNCTION reused.note_change();
    CREATE EVENT TRIGGER reused_drops ON sql_drop EXECUTE FUNCTION reused.note_drop();
"""
_TABLES: Final = """
    SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind = 'r' AND nspname IN ('public', 'jobs')
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""
_SEQUENCES: Final = """
    SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind = 'S' AND nspname IN ('public', 'jobs')
"""
_OTHERS: Final = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid <> ALL (%s)
"""
Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass
class _Copy:
    """A database, and how it was when it was made."""

    engine: Engine
    watching: Connection
    """The superuser's."""
    sequences: dict[str, tuple[Any, ...]]
    seeds: dict[str, bytes | None]
    """Tables that hold rows, and these where they are few."""
    ours: set[int] = field(default_factory=set)
    """Processes of the server that the engine speaks to."""
    times: int = 0

    def is_as_made(self) -> bool:
        """Whether all that was written could be taken back."""
        self.times += 1
        self.watching.execute(_OTHERS, [list(self.ours)])
        written = {name for (name,) in self.watching.execute("TABLE reused.written")}
        if self.times >= _OFTEN or not all(self._knows(name) for name in written):
            return False
        with self.watching.transaction():
            for name in written:
                self.watching.execute(f"DELETE FROM {name}")
                rows = self.seeds.get(name)
                if rows is not None:
                    with self.watching.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                        copy.write(rows)
            self.watching.execute("DELETE FROM reused.written")
            for name, now in _positions(self.watching, self.sequences).items():
                if now != self.sequences[name]:
                    was = self.sequences[name]
                    self.watching.execute("SELECT setval(%s, %s, %s)", [name, *was])
        return True

    def _knows(self, name: str) -> bool:
        return name != "anything" and self.seeds.get(name, b"") is not None


class Reused:
    """The databases of one worker, one at a time."""

    def __init__(self, admin_url: str, name: str) -> None:
        self._admin_url = admin_url
        self._name = name
        self._made = 0
        self._stack = ExitStack()
        self._copy: _Copy | None = None

    @contextmanager
    def lent(self) -> Iterator[Engine]:
        """Connections to a register with schema and seeds, as the application's role."""
        copy = self._copy = self._copy or self._stack.enter_context(self._new())
        yield copy.engine
        if not copy.is_as_made():
            self.close()

    def close(self) -> None:
        """Drop it."""
        self._copy = None
        self._stack.close()

    @contextmanager
    def _new(self) -> Iterator[_Copy]:
        self._made += 1
        with (
            postgis.clone(self._admin_url, f"{self._name}_{self._made}") as url,
            closing(psycopg.connect(url, autocommit=True)) as watching,
        ):
            made = make_engine(url)
            copy = _Copy(made, watching, {}, {})
            event.listen(made, "connect", lambda one, _: copy.ours.add(one.info.backend_pid))
            tables = [name for (name,) in watching.execute(_TABLES)]
            copy.seeds |= _seeds(watching, tables)
            names = [name for (name,) in watching.execute(_SEQUENCES)]
            copy.sequences |= _positions(watching, names)
            watching.execute(_NOTE)
            for name in tables:
                watching.execute(
                    f"CREATE TRIGGER reused AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {name}"
                    " FOR EACH STATEMENT EXECUTE FUNCTION reused.note()"
                )
            watching.execute(_NOTE_CHANGES)
            # Rows are restored without checking keys or firing triggers.
            watching.execute("SET session_replication_role = replica")
            yield copy
            made.dispose()


def _seeds(watching: Connection, tables: list[str]) -> dict[str, bytes | None]:
    counts = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in tables)
    return {
        name: _rows(watching, name) if count <= _FEW else None
        for name, count in watching.execute(counts)
        if count
    }


def _rows(watching: Connection, table: str) -> bytes:
    with watching.cursor().copy(f"COPY {table} TO STDOUT") as copy:
        return b"".join(copy)


def _positions(watching: Connection, names: Iterable[str]) -> dict[str, tuple[Any, ...]]:
    each = " UNION ALL ".join(
        f"SELECT '{name}', last_value, is_called FROM {name}" for name in names
    )
    return {name: tuple(expected) for name, *expected in watching.execute(each)}
