"""What was seen a moment ago, and for how long that counts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from registry.core import watch as module
from registry.core.database import TookTooLongError
from registry.core.errors import DatabaseUnavailableError
from registry.core.messages import Text
from registry.core.watch import Watch
from tests.support.waiting import eventually

NEW_S, HANGS_S = 1.0, 2.0
MOST_AGE_S = NEW_S + HANGS_S
SILENT, FAILED = TookTooLongError.__name__, DatabaseUnavailableError.__name__


class Database:
    """Answers a look with its number, fails it, or lets it hang; its clock is the test's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.looks = self.ended = 0
        self.fails = False
        self._goes_on = threading.Event()
        self._goes_on.set()
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now)
        self._watch = Watch(self._look, new_s=NEW_S, hangs_s=HANGS_S, patience_s=0.05)

    def _look(self) -> int:
        self.looks += 1
        look, fails = self.looks, self.fails
        self._goes_on.wait()
        self.ended += 1
        if fails:
            raise DatabaseUnavailableError(Text("no"))
        return look

    def last_result(self) -> tuple[int, float] | str:
        """The number of a look and its age, or what was raised."""
        try:
            return self._watch.last()
        except DatabaseUnavailableError as error:
            return type(error).__name__

    def close(self) -> None:
        self._watch.close()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        self._goes_on.clear()
        try:
            yield
        finally:
            self._goes_on.set()


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    return Database(monkeypatch)


@pytest.mark.parametrize(
    ("later_s", "expected"),
    [(0.0, (1, 0.0)), (0.75, (1, 0.75)), (NEW_S, (2, 0.0)), (1_000.0, (2, 0.0))],
)
def test_fresh_result_is_returned_and_old_one_refreshed(
    database: Database, later_s: float, expected: object
) -> None:
    assert database.last_result() == (1, 0.0)
    database.now += later_s
    assert database.last_result() == expected


@pytest.mark.parametrize(
    ("later_s", "expected"),
    [(1.25, (1, 1.25)), (MOST_AGE_S, (1, MOST_AGE_S)), (3.25, SILENT), (1_000.0, SILENT)],
)
def test_last_result_is_returned_until_too_old_while_a_probe_hangs(
    database: Database, later_s: float, expected: object
) -> None:
    first = database.last_result()
    with database.hanging():
        database.now += NEW_S
        assert (first, database.last_result()) == ((1, 0.0), (1, NEW_S))
        database.now += later_s - NEW_S
        assert [database.last_result() for _ in range(3)] == [expected] * 3
        assert database.looks == 2
    eventually(
        lambda: database.last_result() != expected, "the look has ended, or somebody looks again"
    )
    database.now += 1_000
    assert database.last_result() == (3 if database.looks == 3 else 4, 0.0)


def test_no_result_is_known_before_the_first_probe_ends(database: Database) -> None:
    found: list[object] = []
    with database.hanging():
        first = threading.Thread(target=lambda: found.append(database.last_result()))
        first.start()
        eventually(lambda: database.looks == 1, "somebody looks")
        database.now += HANGS_S
        assert database.last_result() == SILENT
    first.join()
    assert found == [(1, 0.0)]


def test_failure_is_returned_only_until_the_next_probe_succeeds(database: Database) -> None:
    assert database.last_result() == (1, 0.0)
    database.fails, database.now = True, database.now + NEW_S
    assert database.last_result() == FAILED
    database.fails = False
    with database.hanging():
        assert database.last_result() == FAILED
    eventually(lambda: database.last_result() == (3, 0.0), "it answers again")


def test_running_probe_is_awaited_on_close(database: Database) -> None:
    database.last_result()
    with database.hanging():
        database.now += NEW_S + 1
        assert database.last_result() == (1, NEW_S + 1)
        closing = threading.Thread(target=database.close)
        closing.start()
        closing.join(0.05)
        assert closing.is_alive()
    closing.join()
    assert (database.looks, database.ended) == (2, 2)
