"""An operation's event is in the feed with its commit, in the order in which readers may see it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from registry.core.database import session_scope
from registry.core.locks import Lock, hold_lock
from registry.lifecycle.run import perform
from registry.lifecycle.table import BY_NAME
from tests.support.feed import feed_after
from tests.support.lifecycle import Town


def pending(place: Town) -> list[int]:
    return [row[0] for row in place.rows("SELECT event_id FROM event_pending ORDER BY 1")]


def newest(place: Town) -> int:
    return place.rows("SELECT max(event_id) FROM feed")[0][0]


@contextmanager
def another_mover(place: Town) -> Iterator[None]:
    """A session that holds the lock of event movers."""
    with session_scope(place.engine) as session:
        hold_lock(session, Lock.FEED)
        yield


def test_event_is_in_the_feed_when_the_operation_returns(place: Town) -> None:
    place.house("9001")
    done = place.do("name-street", commune="00199", street="Phố Nguồn")
    assert (newest(place), pending(place)) == (done.event_id, [])


def test_refused_operation_leaves_no_event(place: Town) -> None:
    before = place.rows("SELECT count(*) FROM event")
    request = BY_NAME["reserve"].request.model_validate({"count": 1})
    perform(place.engine, BY_NAME["reserve"], request, actor="t", dry_run=True)
    assert place.rows("SELECT count(*) FROM event") == before
    assert pending(place) == []


@pytest.mark.thorough
def test_operation_succeeds_while_a_mover_hangs_and_is_published_by_the_next(place: Town) -> None:
    with another_mover(place):
        done = place.do("name-street", commune="00199", street="Phố Chờ")
        assert pending(place) == [done.event_id]
    after = place.do("name-street", commune="00199", street="Phố Sau")
    assert pending(place) == []
    tail = [event for (event,) in place.rows("SELECT event_id FROM feed ORDER BY position")][-2:]
    assert sorted(tail) == [done.event_id, after.event_id]


def test_no_position_appears_below_one_already_read(place: Town) -> None:
    codes = [place.house(str(9100 + at)) for at in range(4)]
    start = place.rows("SELECT max(position) FROM feed")[0][0]
    ended = threading.Event()
    seen: list[tuple[int, int]] = []

    def write(code: str) -> None:
        for _ in range(20):
            place.do("verify", code=code)

    def read() -> None:
        last = start
        while True:
            over = ended.is_set()
            with session_scope(place.engine) as session:
                entries = feed_after(session, last, 1000)
            seen.extend((entry.position, entry.event_id) for entry in entries)
            last = max([last, *(entry.position for entry in entries)])
            if over:
                return

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(code,)) for code in codes]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    place.do("verify", code=codes[0])  # moves whatever a mover left
    ended.set()
    reader.join()
    all_there_is = place.rows(
        "SELECT position, event_id FROM feed WHERE position > :start ORDER BY position", start=start
    )
    assert seen == all_there_is
    assert len(seen) == 81
