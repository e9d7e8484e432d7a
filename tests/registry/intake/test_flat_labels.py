"""Flats in every form that an import accepts: the label of each resolves to the same flat."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product

import pytest
from sqlalchemy import Engine

from geo.flat import block_mark
from geo.label import door_words
from registry.core.batching import alone
from registry.core.database import session_scope
from registry.core.reads import Reads
from registry.search.find.doors import records_of
from registry.search.geocode import Question
from registry.search.validate import validate
from registry.units.gazetteer import Gazetteer
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.intake import Deliver, door, rows
from tests.support.vietnamese import without_diacritics

pytestmark = pytest.mark.thorough

MARKS = (
    *("A", "b", "B2", "A-1", "Toà A", "Nhà B", "Khối C", "Block D", "Tháp E", "Lô F", "Khu B"),
    *("CT9A", "CT1", "S2.03", "HH2", "N04B", "OCT2", "Park 3", "T1", "R1.02", "Toà 1", "Dãy B"),
    *("Đơn nguyên 1", "Chung cư A", "CC A1"),
)
NAMES = (
    *("Chung cư Hoa Hồng", "CC An Bình", "Khu tập thể Dệt 8/3", "KTT Kim Liên", "Cao ốc Sài Gòn"),
    *("Vinhomes Central Park", "Landmark 81", "The Manor", "Keangnam", "Tòa Hoa Hồng"),
    *("Toà nhà VG", "VG Building", "Golden Lotus", "Mường Thanh"),
)
UNITS = (
    *("1205", "12.05", "12-05", "25 – 06", "05", "5", "01", "2B", "101A", "12A05", "12A.05", "PH2"),
    *("P402", "CH 12", "căn 3", "kiốt 5"),
)
FLOORS = ("12", "12A", "Tầng 5", "trệt", "Tầng hầm")
SHAPES = (
    *((building, unit, "") for building, unit in product(MARKS + NAMES, UNITS)),
    *product((*MARKS[::5], *NAMES[::5]), UNITS[::4], FLOORS),
)
TAIL = "Phường Ba Đình, Thành phố Hà Nội"


@contextmanager
def searched(engine: Engine) -> Iterator[tuple[Gazetteer, Reads]]:
    url = engine.url.render_as_string(hide_password=False)
    reads = Reads(url, pool_size=1, statement_timeout_ms=5_000)
    try:
        with session_scope(engine) as session:
            known = load_gazetteer(session)
        yield known, reads
    finally:
        reads.close()


def test_label_of_a_flat_round_trips(engine: Engine, deliver: Deliver) -> None:
    """Each is beside the flat with that number in another block of the house."""
    deliver(
        *(
            door(str(at), f"{at} {block}", building=block, unit=unit, floor=floor)
            for at, (building, unit, floor) in enumerate(SHAPES, 1)
            for block in (building, "Toà Y9")
        )
    )
    codes = [
        str(code) for (code,) in rows(engine, "SELECT code FROM household WHERE kind = 'household'")
    ]
    assert len(codes) == 2 * len(SHAPES)
    with searched(engine) as (gazetteer, reads):

        def code_of(text: str) -> str | None:
            return validate(gazetteer, reads, Question(text)).code

        for record in alone(reads, records_of(codes)):
            text = ", ".join((*door_words(record.label_parts), TAIL))
            assert [code_of(text), code_of(text.lower())] == [record.code] * 2, text
            bare = without_diacritics(text)
            found = code_of(bare)
            # `Toa Sai Gon` may be many a word: where two blocks have the flat, it is asked.
            asked = ", Toa " in bare and block_mark(record.building_key or "") is None
            assert found == record.code or (found is None and asked), bare


@pytest.mark.parametrize(
    "address", ["Căn 305 CC Hoa Hồng, 87 {}", "P305 chung cư Hoa Hồng, số 87 {}"]
)
def test_flat_of_a_named_block_is_read_from_a_text_row(
    engine: Engine, deliver: Deliver, address: str
) -> None:
    street = "Phố Quán Thánh, Phường Ba Đình, Hà Nội"
    result = deliver({"address": address.format(street)})
    assert (result.new, result.problems) == (1, {})
    query = "SELECT unit_number, building_key, house_number_key FROM household"
    assert rows(engine, query) == [("305", "chung cu hoa hong", "87")]
    again = deliver(door("87", building="Chung cư Hoa Hồng", unit="305"), source="another")
    assert (again.new, again.linked) == (0, 1)
