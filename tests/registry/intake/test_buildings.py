"""Buildings: one for the flats of one place, whatever order and delivery they come in."""

import pytest
from sqlalchemy import Engine

from tests.support.intake import Deliver, door, rows

pytestmark = pytest.mark.thorough


def flat(unit: int, *, building: str = "CT1", **fields: str) -> dict[str, str]:
    return door("1", f"f{unit}", building=building, floor="12", unit=str(unit), **fields)


def parents(engine: Engine) -> dict[object, object]:
    """Unit → building that holds it, by its key."""
    found = rows(
        engine,
        "SELECT h.unit_number, b.building_key FROM household h"
        " LEFT JOIN household b ON b.code = h.parent_code WHERE h.kind = 'household'",
    )
    return dict(found)  # type: ignore[arg-type]


@pytest.mark.gate
def test_flats_changed_together_keep_their_building(engine: Engine, deliver: Deliver) -> None:
    deliver(flat(1201), flat(1202))

    result = deliver(flat(1201, households_count="2"), flat(1202, households_count="3"))

    assert (result.changed, result.buildings) == (2, 0)
    assert parents(engine) == {"1201": "ct1", "1202": "ct1"}


def test_flat_that_moves_leaves_its_building(engine: Engine, deliver: Deliver) -> None:
    deliver(flat(1201), flat(1202), flat(1203, building="CT2"), flat(1204, building="CT2"))

    result = deliver(flat(1202, building="CT2"))

    assert (result.changed, result.buildings) == (1, 0)
    assert parents(engine) == {"1201": "ct1", "1202": "ct2", "1203": "ct2", "1204": "ct2"}


def test_flat_that_becomes_a_house_leaves_its_building(engine: Engine, deliver: Deliver) -> None:
    deliver(flat(1201), flat(1202))

    deliver(door("5", "f1202"))

    assert parents(engine) == {"1201": "ct1", None: None}


def test_later_flat_joins_the_building_with_an_earlier_single_flat(
    engine: Engine, deliver: Deliver
) -> None:
    assert deliver(flat(1201)).buildings == 0
    assert parents(engine) == {"1201": None}

    assert deliver(flat(1202), source="other").buildings == 1
    assert deliver(flat(1203)).buildings == 0

    assert parents(engine) == {"1201": "ct1", "1202": "ct1", "1203": "ct1"}
    assert len(rows(engine, "SELECT FROM household WHERE kind = 'building'")) == 1


BLOCKS = {
    "Royal City, R2": "royal city r2",
    "Royal City, R5": "royal city r5",
    "Times City - T2": "times city t2",
    "HH2, Linh Đàm": "linh dam hh2",
}
SPELLED = ("Royal City - R5", "R5 Royal City", "Toà R5, Royal City", "Royal City R5")
TEXTS = {
    "Căn 0807, Royal City, R2": "royal city r2",
    "P0807 Royal City R5": "royal city r5",
    "Căn 0807, toà R5 Royal City": "royal city r5",
}


def test_blocks_of_an_estate_keep_their_full_names(engine: Engine, deliver: Deliver) -> None:
    made = deliver(*(door("72", name, building=name, unit="0807") for name in BLOCKS))
    assert made.new == len(BLOCKS)
    found = rows(engine, "SELECT building_name, building_key FROM household")
    assert {(name, key) for name, key in found} == {
        (name.replace(",", "").replace(" -", ""), key) for name, key in BLOCKS.items()
    }

    again = deliver(*(door("72", name, building=name, unit="0807") for name in SPELLED), source="b")
    assert (again.new, again.linked) == (0, len(SPELLED))
    texts = [{"address": f"{text}, 72 Quán Thánh, Phường Ba Đình, Hà Nội"} for text in TEXTS]
    written = deliver(*texts, source="c")
    assert (written.new, written.linked) == (0, len(TEXTS))


def test_numbers_of_one_building_may_be_its_flats(deliver: Deliver) -> None:
    result = deliver(
        *(door(number, building="CT2A Xa La") for number in ("1205", "1206", "7")),
        *(door(number, building="Viettel") for number in ("285", "")),
        door("120", building="Viettel", commune_code="00199"),
        *(door(f"{number}", building="The Pegasus Plaza", unit="807") for number in (911, 912)),
        dry_run=True,
    )
    assert result.problems["number_maybe_flat"] == 2
