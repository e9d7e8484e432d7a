"""A file whose references are codes of this register changes their records and creates none."""

import pytest
from sqlalchemy import Engine

from geo.code import format as code_display
from registry.lifecycle.run import perform
from registry.lifecycle.table import BY_NAME
from tests.support.intake import Deliver, door, rows
from tests.support.thorough import gate_takes_first

pytestmark = pytest.mark.thorough

Numbers = dict[str, str]


def numbers(engine: Engine) -> Numbers:
    """Code → number of each record."""
    return dict(rows(engine, "SELECT code, house_number FROM household"))  # type: ignore[arg-type]


@pytest.mark.gate
@pytest.mark.parametrize("header", gate_takes_first(1, ["source_ref", "Mã địa chỉ số"]))
def test_rows_change_the_records_of_their_codes(
    engine: Engine, deliver: Deliver, header: str
) -> None:
    deliver(door("1", "a"), door("3", "b"), door("5", "c"))
    codes = sorted(numbers(engine))
    as_written = zip(codes, (str, str.lower, code_display), strict=True)
    written = [write(code) for code, write in as_written]
    found = [door(f"{at}A") | {header: code} for at, code in enumerate(written)]
    changed = deliver(*found, source="another")
    assert (changed.new, changed.changed, changed.rejected) == (0, 3, 0)
    assert numbers(engine) == {code: f"{at}A" for at, code in enumerate(codes)}
    assert deliver(*found, source="another").unchanged == 3
    references = "SELECT source_ref, code FROM household_ref WHERE source = 'another' ORDER BY code"
    assert rows(engine, references) == list(zip(written, codes, strict=True))


def test_unknown_code_is_refused(engine: Engine, deliver: Deliver) -> None:
    deliver(door("1", "a"))
    (code,) = numbers(engine)
    result = deliver(door("1A", code), door("3", "10000006"), source="another")
    assert (result.changed, result.new, result.rejected) == (1, 0, 1)
    assert result.problems["reference_code_unknown"] == 1


def test_codes_of_another_register_match_no_record(engine: Engine, deliver: Deliver) -> None:
    codes = ["10000006", "10000014", "1H6XXH2V", "2HT64FP5", "FHVKVF9M"]
    result = deliver(*(door(str(at + 1), code) for at, code in enumerate(codes)))
    assert (result.new, result.problems["reference_code_unknown"]) == (0, 5)


def test_row_with_a_replaced_code_names_the_successor_and_writes_nothing(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(door("1", "a"))
    (code,) = numbers(engine)
    replace = BY_NAME["replace"]
    request = replace.request.model_validate({"code": code, "reason": "tests"})
    perform(engine, replace, request, actor="tests")
    result = deliver(door("1A", code), source="another")
    assert (result.new, result.changed, result.problems) == (0, 0, {"record_retired": 1})
    assert set(numbers(engine).values()) == {"1"}


def test_references_not_all_codes_belong_to_the_source(engine: Engine, deliver: Deliver) -> None:
    deliver(door("1", "a"))
    (code,) = numbers(engine)
    result = deliver(door("3", code), door("5", "12345678"), source="another")
    assert (result.new, result.changed) == (2, 0)
