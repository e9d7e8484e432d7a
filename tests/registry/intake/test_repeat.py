"""The file of the latest import repeated: recognised by hash if nothing else has changed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from registry.core.events import Cause, write_scope
from registry.intake.publishing.rollback import roll_back
from registry.intake.result import ImportOptions, ImportResult
from registry.intake.run import import_file
from tests.support.intake import Deliver, checksum, door, rows, write

FILE = [door("12", "a"), door("12", "b"), door("14", "c"), door("", "bad"), door("16", "d")]
Again = Callable[..., ImportResult]


@pytest.fixture
def again(engine: Engine, tmp_path: Path) -> Again:
    """Import `FILE`, the same file each time."""
    path = write(tmp_path / "again.csv", *FILE)

    def run(**options: object) -> ImportResult:
        return import_file(
            engine,
            path,
            ImportOptions("phuong", **options),  # type: ignore[arg-type]
            lambda _count: None,
        )

    return run


def repeats(engine: Engine, result: ImportResult) -> object:
    """Number of the import that this one repeats; None if its rows were read."""
    ((repeated,),) = rows(
        engine,
        "SELECT (scope->>'repeats')::int FROM event e JOIN import i ON i.published_event_id = e.id"
        f" WHERE i.id = {result.import_id}",
    )
    return repeated


def test_repeated_file_changes_nothing_and_reports_the_same(engine: Engine, again: Again) -> None:
    first = again()
    before = checksum(engine)

    second, third, dry = again(), again(), again(dry_run=True)

    assert [repeats(engine, each) for each in (first, second, third)] == [None, 1, 2]
    for result in (second, third, dry):
        assert (result.rows, result.unchanged, result.rejected) == (5, 4, 1)
        assert (result.new, result.changed, result.linked, result.warned) == (0, 0, 0, 0)
        assert result.problems == {"address_names_no_dwelling": 1}
        assert [(p.row_number, p.code) for p in result.row_problems] == [
            (4, "address_names_no_dwelling")
        ]
    assert checksum(engine) == before


def test_repeat_reports_what_reading_the_rows_would(engine: Engine, again: Again) -> None:
    again()
    repeated = again()
    roll_back(engine, repeated.import_id or 0)

    read = again()

    assert repeats(engine, read) is None
    ignored = {"import_id": None}
    assert read.to_dict() | ignored == repeated.to_dict() | ignored


@pytest.mark.parametrize(
    "otherwise", [{"delivery": "full"}, {"mapping": {"source_ref": ""}}, {"sheet": "*"}]
)
def test_file_is_read_again_with_other_options(
    engine: Engine, again: Again, otherwise: dict[str, object]
) -> None:
    again()

    assert repeats(engine, again(**otherwise)) is None


@pytest.mark.thorough
def test_file_is_read_again_after_another_import(
    engine: Engine, again: Again, deliver: Deliver
) -> None:
    again()
    deliver(door("12C", "a"))

    back = again()

    assert (repeats(engine, back), back.changed) == (None, 1)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE household SET status = 'retired' WHERE house_number = '14'",
        "UPDATE admin_unit_version SET name_en = 'Ba Dinh' WHERE name = 'Ba Đình'",
        "INSERT INTO boundary (unit_id, geom, source, approximate) SELECT id, ST_Multi("
        "ST_MakeEnvelope(105, 21, 106, 22, 4326)), 'test', false FROM admin_unit LIMIT 1",
    ],
    ids=["record", "unit", "boundary"],
)
@pytest.mark.thorough
def test_file_is_read_again_when_its_rows_may_match_differently(
    engine: Engine, again: Again, change: str
) -> None:
    again()
    with write_scope(engine, Cause("test", "test")) as session:
        session.execute(text(change))

    assert repeats(engine, again()) is None
