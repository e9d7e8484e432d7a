"""Generated parts of docs are as their tables have them; the examples of operations work."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Request
from flask.testing import FlaskClient
from sqlalchemy import Engine

from api.core.access import Caller
from geo.code import from_serial, validate
from registry.core.database import make_engine, session_scope
from registry.lifecycle.table import OPERATIONS
from scripts.generated_pages import PAGES, refreshed
from tests.support import postgis
from tests.support.factories import make_event, make_household, make_locality, make_street
from tests.support.units import open_app, read_gazetteer, unit_named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_generated_parts_are_up_to_date(page: Path) -> None:
    written = page.read_text(encoding="utf-8")
    assert refreshed(written) == written, "run: python -m scripts.generated_pages"


def everybody(_request: Request) -> Caller:
    # The proposer also activates records here: an office of one person.
    return Caller("tests", "admin", approves_own=True)


@pytest.fixture(scope="module")
def client(admin_url: str, worker_id: str) -> Iterator[FlaskClient]:
    with postgis.clone(admin_url, f"lifecycle_page_{worker_id}") as url:
        engine = make_engine(url)
        fill(engine)
        engine.dispose()
        with open_app(url, everybody) as app:
            yield app.test_client()


def fill(engine: Engine) -> None:
    """What the examples are about."""
    gazetteer = read_gazetteer(engine)
    lang = unit_named(gazetteer, "Phường Láng", "00199").id
    with session_scope(engine) as session:
        make_event(session)
        street = make_street(session, unit_id=lang, name="Láng", kind="phố", key="lang")
        make_street(session, unit_id=lang, name="Chùa Nền", kind="ngõ", key="ngo chua nen")
        make_locality(session, unit_id=lang, name="1", kind="khu phố", key="khu pho 1")
        hamlets = {
            name: make_locality(session, unit_id=lang, name=name, kind="thôn", key=key)
            for name, key in (("Đông", "thon dong"), ("Nam", "thon nam"), ("Đoài", "thon doai"))
        }
        make_household(
            session,
            code=from_serial(10**8),
            unit_id=lang,
            locality_id=hamlets["Đoài"],
            house_number="7",
            house_number_key="7",
        )
        for code, number, status in (
            ("1H6X-XH2V", "27", "active"),
            ("2HT6-4FP5", "25", "active"),
            ("FHVK-VF9M", "35", "active"),
            ("1000-0014", "37", "active"),
            ("44PK-PHR3", "39", "active"),
            ("6730-2VM4", "41", "retired"),
            ("XXXX-XXX8", "43", "proposed"),
        ):
            make_household(
                session,
                code=validate(code),
                unit_id=lang,
                street_id=street,
                house_number=number,
                house_number_key=number,
                status=status,
            )
        make_household(session, code=validate("1000-0006"), status="reserved")


def test_every_operation_has_an_example_that_works(client: FlaskClient) -> None:
    """One after the other, as the table has them."""
    performed, last = [], 0
    for operation in OPERATIONS:
        given = dict(operation.example)
        if "event_id" in given:
            given["event_id"] = last  # whichever it is here
        response = client.post(f"/v1/operations/{operation.name}", json=given)
        assert response.status_code == 200, (operation.name, response.text)
        performed.append(response.get_json()["operation"])
        last = response.get_json()["event_id"]
    assert performed == [operation.kind for operation in OPERATIONS]
