"""Fixtures that every test may ask for: real PostGIS databases, made when first asked for.

`engine` and `session` are for tests that leave nothing behind; `fresh_database` is for tests that
commit.
"""

import gc
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from registry.core.database import make_engine
from registry.core.settings import ROOT
from registry.units.gazetteer import Gazetteer
from tests.durations import Durations
from tests.support import postgis
from tests.support.search_world import World, search_world
from tests.support.thorough import PROFILE
from tests.support.units import open_app, read_gazetteer
from tests.support.web import Site

# The time of an example shows only how busy the machine is.
settings.register_profile("gate", deadline=None, max_examples=25)
settings.register_profile(PROFILE, deadline=None, max_examples=150)
settings.load_profile("gate")

_cluster = pytest.StashKey[postgis.TestCluster]()
_desk = pytest.StashKey[postgis.Desk]()


_LONG = ("tests/system/", "tests/clients/", "tests/browser/", "tests/scripts/")
_NOHUP = "TESTS_OUTLIVE_TERMINAL"
_THOROUGH = _LONG[:3]
"""Folders of which the gate runs only what is marked `gate`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--all", action="store_true", help="whole processes, browsers, clients, long properties"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whole processes first: they take longest, and short tests then fill all workers evenly.

    Needs `--no-loadscope-reorder` of xdist. What is thorough runs with `--all`, or when its file or
    folder is named.
    """
    items.sort(key=lambda item: [not item.nodeid.startswith(folder) for folder in _LONG])
    if config.getoption("--all"):
        return
    paths = (Path(str(each).partition("::")[0]) for each in config.invocation_params.args)
    named = tuple(os.path.relpath(path, ROOT) for path in paths if path.exists())
    left_out = {item for item in items if _is_thorough(item) and not item.nodeid.startswith(named)}
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


def _is_thorough(item: pytest.Item) -> bool:
    """By the mark of the case, else of the test, else of its module or folder."""
    if own := [mark.name for mark in item.own_markers if mark.name in ("gate", "thorough")]:
        return own[-1] == "thorough"
    if item.get_closest_marker("gate"):
        return False
    return bool(item.get_closest_marker("thorough")) or item.nodeid.startswith(_THOROUGH)


def pytest_collection() -> None:
    """Nothing of what is collected is garbage: looking for it takes a fifth of that time."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Collected items live to the end, so the garbage collector need not scan them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    gc.enable()


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--all"):
        settings.load_profile(PROFILE)
    _let_programs_get_hangups()
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Durations(everything=config.getoption("--all")))
        config.stash[_cluster] = postgis.TestCluster()


def _let_programs_get_hangups() -> None:
    """Under `nohup` every program inherits a SIGHUP that is ignored; a handler is not inherited."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN or _NOHUP in os.environ:
        os.environ[_NOHUP] = "yes"  # for the workers of xdist, which outlive the terminal as well
        signal.signal(signal.SIGHUP, lambda *_: None)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """In the xdist controller, for each worker: pass on where to request the cluster."""
    config: pytest.Config = node.config  # type: ignore[attr-defined]
    if _desk not in config.stash:
        everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS
        config.stash[_desk] = postgis.Desk(config.stash[_cluster], at_once=everything)
    node.workerinput["desk"] = config.stash[_desk].address  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    if _cluster in config.stash:
        config.stash[_cluster].close()
    if _desk in config.stash:
        config.stash[_desk].close()


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """An id that distinguishes this worker's databases, with or without xdist."""
    workerinput = getattr(request.config, "workerinput", {"workerid": "master"})
    return str(workerinput["workerid"])


@pytest.fixture(scope="session")
def admin_url(request: pytest.FixtureRequest) -> str:
    """The superuser's URL on the test cluster's `postgres` database."""
    workerinput = getattr(request.config, "workerinput", None)
    if workerinput is not None:
        return postgis.ask(workerinput["desk"])
    return request.config.stash[_cluster].admin_url()


@pytest.fixture(scope="session")
def database_url(admin_url: str, worker_id: str) -> Iterator[str]:
    """A database with schema and seeds, shared by the tests of this worker: do not change it."""
    with postgis.clone(admin_url, f"shared_{worker_id}") as url:
        yield url


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    """Connections to the shared database as the application's role."""
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session on the shared database: what the test commits is rolled back after it."""
    with engine.connect() as connection, connection.begin() as outer:
        with Session(connection, join_transaction_mode="create_savepoint") as made:
            yield made
        outer.rollback()


@pytest.fixture
def fresh_database(admin_url: str, worker_id: str) -> Iterator[Callable[[], str]]:
    """A factory of databases of the test's own, with schema and seeds: `url = fresh_database()`."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(
            postgis.clone(admin_url, f"fresh_{worker_id}_{next(_fresh_numbers)}")
        )


_fresh_numbers = count()


@pytest.fixture(scope="session")
def gazetteer(engine: Engine) -> Gazetteer:
    """Units of every map, as the seeds have them."""
    return read_gazetteer(engine)


@pytest.fixture(scope="session")
def app(database_url: str) -> Iterator[Flask]:
    """The web application over the shared database."""
    with open_app(database_url) as made:
        yield made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Requests to the web application."""
    return app.test_client()


@pytest.fixture(scope="session")
def world(admin_url: str, worker_id: str) -> Iterator[World]:
    """The register to search in, made once for this worker: nothing can be written there."""
    with search_world(admin_url, f"world_{worker_id}", read_only=True) as made:
        yield made


@pytest.fixture(scope="session")
def site(world: World) -> Iterator[Site]:
    """The web application over that register."""
    with open_app(world.url) as app:
        yield Site(app.test_client(), world)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real boundaries and addresses, which is not part of the project."""
    given = os.environ.get("DIACHISO_SHARED")
    shared = Path(given) if given else ROOT.parent / "shared"
    if not (shared / "data").is_dir():
        pytest.skip(f"needs the data of the shared folder, which is absent: {shared / 'data'}")
    return shared / "data"
