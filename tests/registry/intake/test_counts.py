"""How many hộ share a dwelling, as offices write it: no reason to refuse the dwelling."""

import pytest
from sqlalchemy import Engine

from tests.support.intake import Deliver, door, rows


@pytest.mark.parametrize(
    ("cell", "households", "code", "fix"),
    [
        ("", 1, None, None),
        ("3", 3, None, None),
        ("03", 3, "households_count_read", "3"),
        ("3 hộ", 3, "households_count_read", "3"),
        ("3,0", 3, "households_count_read", "3"),
        ("0", 1, "households_count_none", None),
        ("0 hộ", 1, "households_count_none", None),
        ("-", 1, "households_count_none", None),
        ("không có", 1, "households_count_none", None),
    ],
)
def test_a_count_is_read_as_it_is_written(
    engine: Engine, deliver: Deliver, cell: str, households: int, code: str | None, fix: str | None
) -> None:
    result = deliver(door("12", "a", households_count=cell), door("14", "b", households_count="2"))
    assert (result.new, result.rejected) == (2, 0)
    counts = "SELECT households_count FROM household ORDER BY house_number_key"
    assert rows(engine, counts) == [(households,), (2,)]
    told = rows(engine, "SELECT row_number, code, proposed_fix FROM import_problem")
    assert told == ([(1, code, fix)] if code else [])
    again = deliver(door("12", "a", households_count=cell), door("14", "b", households_count="2"))
    assert (again.changed, again.new) == (0, 0)
