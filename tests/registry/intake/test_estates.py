"""Blocks of flats by name: names are kept, and blocks never confused."""

import pytest
from sqlalchemy import Engine

from registry.core.database import session_scope
from registry.core.reads import Reads
from registry.search.geocode import Question, geocode
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.intake import Deliver, rows

pytestmark = pytest.mark.thorough

ROW = {"house_number": "300", "street": "Nguyễn Văn Cừ", "commune_code": "00004", "unit": "101"}


@pytest.mark.gate
def test_two_blocks_with_one_number_are_two_buildings(engine: Engine, deliver: Deliver) -> None:
    result = deliver(
        ROW | {"source_ref": "1", "building": "Chung cư An Bình"},
        ROW | {"source_ref": "2", "building": "Chung cư An Phú"},
    )
    assert (result.new, result.linked) == (2, 0)
    names = rows(engine, "SELECT building_name FROM household ORDER BY 1")
    assert names == [("Chung cư An Bình",), ("Chung cư An Phú",)]


def test_unnumbered_houses_of_a_hamlet_keep_their_codes_in_any_order(
    engine: Engine, deliver: Deliver
) -> None:
    hamlet = {"locality": "Thôn Đông", "commune_code": "00004", "longitude": "105.8400"}
    houses = [hamlet | {"latitude": f"21.03{at}0"} for at in range(1, 5)]
    deliver(*houses[:3])
    before = dict(rows(engine, "SELECT ST_AsText(point), code FROM household"))
    again = deliver(houses[3], houses[2], houses[0], houses[1])
    assert (again.new, again.changed, again.unchanged) == (1, 0, 3)
    after = dict(rows(engine, "SELECT ST_AsText(point), code FROM household"))
    assert after.items() >= before.items()


def test_another_block_with_the_same_number_is_not_returned(
    engine: Engine, deliver: Deliver
) -> None:
    block = ROW | {"building": "Chung cư An Bình"}
    deliver(block | {"source_ref": "1"}, block | {"source_ref": "2", "unit": "102"})
    reads = Reads(
        engine.url.render_as_string(hide_password=False), pool_size=1, statement_timeout_ms=5_000
    )
    try:
        with session_scope(engine) as session:
            known = load_gazetteer(session)
        tail = "300 Nguyễn Văn Cừ, Phường Ba Đình, Hà Nội"
        (right,) = geocode(known, reads, Question(f"P. 101 chung cư An Bình, {tail}"))
        assert right.record is not None
        assert right.record.unit_number == "101"
        (wrong,) = geocode(known, reads, Question(f"P. 101 chung cư Sao Kim, {tail}"))
        assert wrong.record is None
        assert "building_not_found" in wrong.faults
    finally:
        reads.close()
