"""An upgrade of two web nodes, one after the other, during continuous reads and writes."""

import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import requests

from registry.access.keys import NewKey, create_key
from registry.core.database import session_scope
from tests.support.keys import bearer
from tests.support.lifecycle import town
from tests.support.running import Run, own_var, starter
from tests.support.waiting import eventually


@dataclass
class Balancer:
    """Sends each request once, to a node that was ready at its last probe."""

    urls: list[str]
    key: dict[str, str]
    ready: list[str] = field(default_factory=list)
    written: int = 0
    lost: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    counting: threading.Lock = field(default_factory=threading.Lock)

    def look(self) -> None:
        """As the health checks of a proxy do, ten times a second."""
        while not self.over.wait(0.1):
            self.ready = [url for url in self.urls if _is_ready(url)]

    def ask(self) -> None:
        """By turns, until it is over."""
        for turn in count():
            if self.over.is_set():
                return
            ready = self.ready
            if not ready:
                self.lost.append("no node is ready")
                return
            self._send(ready[turn // 2 % len(ready)], writes=turn % 2 == 0)

    def _send(self, url: str, *, writes: bool) -> None:
        path = "v1/operations/reserve" if writes else "v1/units/00199"
        body = {"count": 1} if writes else None
        ask = requests.post if writes else requests.get
        try:
            answer = ask(f"{url}/{path}", json=body, headers=self.key, timeout=120)
        except requests.RequestException as error:
            self.lost.append(repr(error))
            return
        if answer.status_code != 200:
            self.lost.append(answer.text)
        elif writes:
            with self.counting:
                self.written += 1

    @contextmanager
    def at_work(self) -> Iterator[None]:
        threads = [threading.Thread(target=each) for each in (self.look, self.ask, self.ask)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.over.set()
            for thread in threads:
                thread.join()


def _is_ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=60).status_code == 200
    except requests.RequestException:
        return False


def _is_leaving(url: str) -> bool:
    answer = requests.get(f"{url}/readyz", timeout=60)
    return answer.status_code == 503 and answer.json()["code"] == "leaving"


def _takes(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=60).close()
    except OSError:
        return False
    return True


@contextmanager
def in_the_middle(
    database_url: str, balancer: Balancer, url: str
) -> Iterator[Future[requests.Response]]:
    """A write at the node waits until the end of the block, as those of the balancer do."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'event'::regclass"
    write = partial(requests.post, f"{url}/v1/operations/reserve", json={"count": 1})
    with (
        psycopg.connect(database_url) as holder,
        psycopg.connect(database_url, autocommit=True) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        holder.execute("LOCK TABLE event IN EXCLUSIVE MODE")
        answer = pool.submit(write, headers=balancer.key, timeout=120)
        eventually(lambda: other.execute(waiting).fetchone() == (3,), "all wait")
        yield answer
        holder.rollback()
        if answer.result().status_code == 200:
            with balancer.counting:
                balancer.written += 1


def _end_in_the_middle(database_url: str, balancer: Balancer, run: Run) -> None:
    """The node ends once no more requests arrive, after answering those it accepted."""
    url = run.url()
    with in_the_middle(database_url, balancer, url) as answer:
        run.process.send_signal(signal.SIGTERM)
        eventually(lambda: _is_leaving(url) and url not in balancer.ready, "nobody sends to it")
        run.process.send_signal(signal.SIGTERM)
        eventually(lambda: not _takes(url), "it takes no more")
    assert answer.result().status_code == 200, answer.result().text
    assert run.process.wait(60) == 0


def test_rolling_restart_loses_no_request(admin_url: str, worker_id: str, tmp_path: Path) -> None:
    with town(admin_url, f"rolling_{worker_id}") as place, ExitStack() as stack:
        with session_scope(place.engine) as session:
            key = create_key(session, NewKey("quản trị", "admin"))
        starters = []
        for name in ("a", "b"):
            outputs = tmp_path / name
            outputs.mkdir()
            starters.append(stack.enter_context(starter(stack.enter_context(own_var()), outputs)))
        quick = ("--no-prepare", "--no-worker")
        environment = {"DATABASE_URL": place.url, "DIACHISO_LIMITS": "off"}
        # Longer than a busy balancer needs to look; a second signal ends it.
        runs = [start(*quick, **environment, DIACHISO_LEAVE_S="45") for start in starters]
        balancer = Balancer([run.url() for run in runs], bearer(key))
        balancer.ready = list(balancer.urls)
        with balancer.at_work():
            _end_in_the_middle(place.url, balancer, runs[0])
            port = str(urlsplit(balancer.urls[0]).port)
            starters[0](*quick, "--port", port, **environment)
            eventually(lambda: len(balancer.ready) == 2, "the first is back")
            _end_in_the_middle(place.url, balancer, runs[1])
            written = balancer.written
            eventually(lambda: balancer.written > written, "the first serves alone")
        assert balancer.lost == []
        ((stored,),) = place.rows("SELECT count(*) FROM event WHERE kind = 'reserve'")
        assert stored == balancer.written
