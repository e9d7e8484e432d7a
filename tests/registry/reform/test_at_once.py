"""A process unaware of a reform answers by the map before or after it, never by a mixture.

The reform is carried out by another process; this one never reloads the map on its own.
"""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from api.core.access import Caller
from geo import code as codes
from registry.core.database import session_scope
from registry.core.settings import Settings
from registry.coverage import measure
from registry.coverage.count_cache import count_anew
from registry.coverage.measure import coverage_of_unit
from registry.reform.undo import undo
from registry.register import Register
from registry.units import gazetteer_cache, unit_by_code
from registry.units.gazetteer_cache import GazetteerCache
from tests.registry.reform.conftest import Hall
from tests.support.lifecycle import LANG, town
from tests.support.units import open_app, read_gazetteer

OLD, NEW = "00199", "00201"
MERGE = f"""\
changes:
  - new:
      unit: {{code: "{NEW}", name: Láng Sông, kind: phuong, province: "01"}}
      parts: [{{unit: "{OLD}", whole: true}}, {{unit: "00190", whole: true}}]
"""
TEXT = "5 Phố Láng, Phường Láng Sông, Hà Nội"
POINT = f"lon={LANG['lon']}&lat={LANG['lat']}"


@pytest.fixture
def never_rechecked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gazetteer_cache, "RECHECK_S", 1e9)


@dataclass(frozen=True)
class Story:
    """A process that served while another one merged the commune of a door into a new one."""

    client: FlaskClient
    code: str


@pytest.fixture(scope="module")
def story(
    admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    with (
        pytest.MonkeyPatch.context() as patched,
        town(admin_url, f"at_once_{worker_id}") as made,
    ):
        patched.setattr(gazetteer_cache, "RECHECK_S", 1e9)
        with open_app(made.url, lambda _: Caller("tests", "admin", None)) as app:
            client, code = app.test_client(), made.house("5", **LANG)
            assert client.get(f"/v1/addresses/{code}").get_json()["commune"]["code"] == OLD
            Hall(made, tmp_path_factory.mktemp("at_once")).carry(MERGE)
            yield Story(client, code)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/addresses/{code}", None),
        ("GET", f"/v1/geocode?q={TEXT}", None),
        ("POST", "/v1/geocode", {"q": TEXT}),
        ("GET", "/v1/geocode?q=5 Phố Láng, Phường Láng, Hà Nội", None),
        ("GET", "/v1/geocode?q={code}", None),
        ("GET", f"/v1/geocode?q=5 Phố Láng&within={NEW}", None),
        ("GET", f"/v1/reverse?{POINT}", None),
        ("POST", "/v1/reverse", dict(LANG)),
        ("POST", "/v1/validate", {"address": TEXT}),
        ("GET", "/v1/autocomplete?q=5 phố láng, hà nội", None),
        ("GET", f"/v1/autocomplete?q=5 phố láng&{POINT}", None),
        ("POST", "/v1/batch/geocode", {"rows": [{"q": TEXT}]}),
        ("POST", "/v1/batch/lookup", {"rows": [{"code": "{code}"}]}),
        ("POST", "/v1/batch/validate", {"rows": [{"address": "5 Phố Láng, Phường Láng, Hà Nội"}]}),
        ("GET", f"/v1/units/{NEW}", None),
        ("GET", f"/v1/units/{OLD}", None),
        ("GET", "/v1/units?q=Láng Sông", None),
        ("GET", f"/v1/units/convert?code={OLD}", None),
        ("GET", f"/v1/coverage/{NEW}", None),
        ("GET", "/v1/coverage?level=commune&province=01", None),
        ("GET", f"/ogc/collections/households/items?unit={NEW}", None),
        ("GET", f"/ogc/collections/communes/items?unit={NEW}", None),
        ("GET", "/a/{shown}", None),
        ("GET", "/v1/addresses/{code}/history", None),
        ("GET", f"/v1/export?unit={NEW}&format=csv", None),
        ("GET", "/desk/records/{shown}", None),
        ("POST", "/v1/operations/propose", {"commune": NEW, "house_number": "7"}),
    ],
)
def test_first_answer_after_a_reform_uses_the_new_map(
    story: Story, method: str, path: str, body: Any
) -> None:
    sent = json.loads(json.dumps(body).replace("{code}", story.code))
    asked = path.replace("{code}", story.code).replace("{shown}", codes.format(story.code))
    answer = story.client.open(asked, method=method, json=sent)
    assert answer.status_code in (200, 201), answer.text
    assert NEW in answer.text or "Phường Láng Sông" in answer.text
    assert '"commune":null' not in answer.text


@pytest.mark.thorough
def test_new_map_is_loaded_once_for_all_waiting_callers(hall: Hall, never_rechecked: None) -> None:
    register = Register.open(Settings(limits=False), hall.town.url)
    cache = register.gazetteer
    before, loads = cache.get(), []
    hall.carry(MERGE)
    event.listen(
        register.engine,
        "before_cursor_execute",
        lambda _c, _cur, statement, *_: (
            "FROM admin_unit_succession" in statement and loads.append(statement)
        ),
    )
    start = threading.Barrier(8)

    def ask(_: int) -> Any:
        def read() -> str:
            return unit_by_code(cache.get(), NEW, None).code

        start.wait()
        return cache.of_one_map(read)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {NEW}
    assert len(loads) == 1
    assert cache.get() is before  # other callers continue
    register.close()


def test_unknown_unit_triggers_no_reload(hall: Hall, never_rechecked: None) -> None:
    cache = GazetteerCache(hall.town.engine)
    known, seen = cache.get(), []
    event.listen(
        hall.town.engine, "before_cursor_execute", lambda _c, _cur, each, *_: seen.append(each)
    )
    for _ in range(3):
        assert cache.of_one_map(lambda: cache.get().units.get(987_654)) is None
        with pytest.raises(KeyError):
            cache.of_one_map(lambda: cache.get().units[987_654])
    assert len(seen) == 6
    assert all("gazetteer_state" in each for each in seen)
    assert cache.get() is known


def test_answer_uses_one_map_despite_concurrent_reforms(hall: Hall, never_rechecked: None) -> None:
    """The second reform comes while the read is retried after the first."""
    cache = GazetteerCache(hall.town.engine)
    cache.get()
    changes = iter((MERGE, 'changes:\n  - rename: {unit: "26743", name: Bến Mới}\n'))

    def read() -> str:
        first = cache.get()
        if (change := next(changes, None)) is not None:
            hall.carry(change, number=f"{len(change)}/NQ")
        last = cache.get()
        assert first is last
        return unit_by_code(last, "26743", None).versions[-1].name

    assert cache.of_one_map(read) == "Bến Mới"


@pytest.mark.thorough
def test_coverage_is_complete_from_the_commit_of_a_reform(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much there is to count: counts kept for former units are not in the sum."""
    monkeypatch.setattr(measure, "MOST_RECORDS", 0)
    for number in ("1", "3", "5"):
        hall.town.house(number)
    count_anew(hall.town.engine)

    def covered(code: str) -> tuple[int, object]:
        known = read_gazetteer(hall.town.engine)
        with session_scope(hall.town.engine) as session:
            found = coverage_of_unit(session, known, code)
        return found.total.counts.dwellings, found.counted_at

    assert covered("01") == covered(OLD) == (3, None)
    hall.carry(MERGE)
    assert covered("01") == covered(NEW) == (3, None)
    undo(hall.town.engine, "1/NQ", actor="tests")
    assert covered("01") == covered(OLD) == (3, None)
