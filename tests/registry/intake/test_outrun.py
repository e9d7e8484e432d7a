"""Records changed between the matching of an import and its publication."""

from pathlib import Path

from sqlalchemy import Engine, text

from registry.core.database import session_scope
from registry.core.events import Cause, open_event
from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from tests.support.intake import Deliver, door, rows, write
from tests.support.rivals import thread
from tests.support.waiting import eventually

WAITING = "SELECT FROM pg_locks WHERE NOT granted"


def test_record_changed_after_matching_is_matched_again(
    engine: Engine, deliver: Deliver, tmp_path: Path
) -> None:
    """Door 12 becomes number 99, while another source's row is being led to it."""
    deliver(door("12", "a"), door("14", "b"))
    file = write(tmp_path / "other.csv", door("12", "x"), door("14", "y"))
    options = ImportOptions("sở xây dựng")

    with thread() as pool, session_scope(engine) as session:
        open_event(session, Cause("correct", "clerk"))
        session.execute(
            text(
                "UPDATE household SET house_number = '99', house_number_key = '99'"
                " WHERE house_number_key = '12'"
            )
        )
        importing = pool.submit(import_file, engine, file, options, lambda _count: None)
        eventually(
            lambda: importing.done() or rows(engine, WAITING),
            "the import waits for the record",
        )
        assert not importing.done()
        session.commit()
        result = importing.result()

    assert (result.linked, result.new) == (1, 1)
    doors = rows(engine, "SELECT house_number_key FROM household ORDER BY 1")
    assert doors == [("12",), ("14",), ("99",)]
