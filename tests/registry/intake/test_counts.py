"""How many hộ share a dwelling, as offices write it: no reason to refuse the dwelling."""

from sqlalchemy import Engine

from tests.support.intake import Deliver, door, rows

# Cell → households, the problem reported, and the proposed number.
COUNTS: dict[str, tuple[int, str | None, str | None]] = {
    "": (1, None, None),
    "3": (3, None, None),
    "03": (3, "households_count_read", "3"),
    "3 hộ": (3, "households_count_read", "3"),
    "3,0": (3, "households_count_read", "3"),
    "0": (1, "households_count_none", None),
    "0 hộ": (1, "households_count_none", None),
    "-": (1, "households_count_none", None),
    "không có": (1, "households_count_none", None),
    "2": (2, None, None),
}


def test_count_is_read_as_written(engine: Engine, deliver: Deliver) -> None:
    given = [door(f"{n}", f"{n}", households_count=cell) for n, cell in enumerate(COUNTS, 1)]
    result = deliver(*given)
    assert (result.new, result.rejected) == (len(COUNTS), 0)
    counts = "SELECT households_count FROM household ORDER BY house_number_key::int"
    assert rows(engine, counts) == [(households,) for households, _, _ in COUNTS.values()]
    query = rows(engine, "SELECT row_number, code, proposed_fix FROM import_problem ORDER BY 1")
    assert query == [
        (n, *expected) for n, (_, *expected) in enumerate(COUNTS.values(), 1) if expected[0]
    ]
    again = deliver(*given)
    assert (again.changed, again.new) == (0, 0)
