"""The pool of the hot path: what a lost or stopped database does to it."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from registry.core.errors import DatabaseUnavailableError, NotPreparedError
from registry.core.reads import Reads
from tests.support.relay import Relay
from tests.support.waiting import eventually

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
PATIENCE_OF_A_POOL_S = 30
"""Of psycopg_pool's, which hides a stopped database so long; ours is two seconds."""


@pytest.fixture
def reads(database_url: str):  # type: ignore[no-untyped-def]
    made = Reads(database_url, pool_size=2, statement_timeout_ms=1_000)
    yield made
    made.close()


def test_rows_are_read_as_the_application_role_in_vietnamese_time(reads: Reads) -> None:
    assert reads.rows("SELECT current_user::text, current_setting('timezone')", {}) == [
        ("diachiso_app", "Asia/Ho_Chi_Minh")
    ]


def test_statement_is_prepared_on_first_use(database_url: str) -> None:
    alone = Reads(database_url, pool_size=1, statement_timeout_ms=300)
    try:
        alone.rows("SELECT %(n)s::int + 1", {"n": 1})
        found = alone.rows("SELECT statement FROM pg_prepared_statements", {})
    finally:
        alone.close()
    assert ("SELECT $1::int + 1",) in found


@pytest.mark.parametrize(
    "texts", [[], [""], ["a", "b"], ['"', "\\", "{}", ",", "NULL", " x ", "Đường\nA", "%s $1 '"]]
)
def test_texts_are_read_unchanged(reads: Reads, texts: list[str]) -> None:
    assert reads.rows("SELECT %(texts)s::text[]", {"texts": texts}) == [(texts,)]


def test_small_and_large_numbers_share_one_statement(database_url: str) -> None:
    alone = Reads(database_url, pool_size=1, statement_timeout_ms=300)
    try:
        for numbers in ([], [1], [-1, 40_000], [3_000_000_000]):
            asked = alone.rows("SELECT %(numbers)s::bigint[]", {"numbers": numbers})
            assert asked == [(numbers,)]
        found = alone.rows("SELECT statement FROM pg_prepared_statements", {})
    finally:
        alone.close()
    assert [s for (s,) in found if "bigint" in s] == ["SELECT $1::bigint[]"]


def test_parameter_may_be_used_twice_and_be_null(reads: Reads) -> None:
    statement = "SELECT %(a)s::text, %(b)s::int %% 4, %(a)s::text IS NULL"
    assert reads.rows(statement, {"a": None, "b": 7}) == [(None, 3, True)]
    assert reads.rows(statement, {"a": "x", "b": 8}) == [("x", 0, False)]


def test_slow_statement_lets_other_threads_run(database_url: str) -> None:
    reads = Reads(database_url, pool_size=2, statement_timeout_ms=5_000)
    held = "SELECT pg_advisory_lock(7042)::text, pg_advisory_unlock(7042)"
    try:
        with (
            psycopg.connect(database_url, autocommit=True) as other,
            ThreadPoolExecutor(1) as pool,
        ):
            other.execute("SELECT pg_advisory_lock(7042)")
            waiting = pool.submit(reads.rows, held, {})
            # If the wait held the interpreter lock, the database lock could not be released.
            assert reads.rows("SELECT 1", {}) == [(1,)]
            other.execute("SELECT pg_advisory_unlock(7042)")
            assert waiting.result() == [("", True)]
    finally:
        reads.close()


def test_broken_connections_are_replaced_silently(reads: Reads, admin_url: str) -> None:
    (pid,) = reads.rows("SELECT pg_backend_pid()", {})[0]
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 60000)", (pid,))
    assert reads.rows("SELECT pg_backend_pid()", {})[0][0] != pid


@pytest.mark.thorough
def test_stopped_database_is_reported_before_the_pool_times_out() -> None:
    nowhere = Reads(NOWHERE, pool_size=1, statement_timeout_ms=300)
    try:
        for _ in range(2):
            started = time.perf_counter()
            with pytest.raises(DatabaseUnavailableError):
                nowhere.rows("SELECT 1", {})
            assert time.perf_counter() - started < PATIENCE_OF_A_POOL_S
    finally:
        nowhere.close()


def test_slow_statement_is_cancelled_and_its_connection_kept(reads: Reads) -> None:
    with pytest.raises(DatabaseUnavailableError):
        reads.rows("SELECT pg_sleep(5)", {})
    assert reads.rows("SELECT 1", {}) == [(1,)]


def test_database_without_tables_is_reported_with_the_remedy(reads: Reads) -> None:
    with pytest.raises(NotPreparedError, match="database prepare"):
        reads.rows("SELECT 1 FROM no_such_table", {})


def answers(reads: Reads) -> bool:
    """Whether the database is there."""
    try:
        return reads.rows("SELECT 1", {}) == [(1,)]
    except DatabaseUnavailableError:
        return False


@pytest.mark.thorough
def test_restarted_database_is_reconnected(database_url: str) -> None:
    with TemporaryDirectory(dir="/tmp") as folder, Relay(database_url, Path(folder)) as relay:
        reads = Reads(relay.url, pool_size=2, statement_timeout_ms=300)
        try:
            assert reads.rows("SELECT 1", {}) == [(1,)]
            relay.shut()
            for _ in range(3):
                started = time.perf_counter()
                with pytest.raises(DatabaseUnavailableError):
                    reads.rows("SELECT 1", {})
                assert time.perf_counter() - started < PATIENCE_OF_A_POOL_S
            relay.open()
            eventually(lambda: answers(reads), "it is found again")
        finally:
            reads.close()
