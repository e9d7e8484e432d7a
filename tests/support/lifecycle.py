"""A commune in which operations are performed: a street, a building, and a way to ask."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Row, text

from registry.core.database import make_engine, session_scope
from registry.core.reads import Reads
from registry.lifecycle.run import perform
from registry.lifecycle.table import BY_NAME
from registry.lifecycle.work import Done
from registry.records.history import Step, history
from registry.records.lookup import lookup
from registry.records.record import Record
from tests.support import postgis

COMMUNE = "00199"
"""Phường Láng, of today; 00199 was Phường Láng Hạ, 00187 Phường Láng Thượng."""
ELSEWHERE = "26743"
LANG = {"lon": 105.806, "lat": 21.0211}


@dataclass(frozen=True)
class Town:
    """A register of the test's own, with operations performed as a clerk would."""

    url: str
    engine: Engine
    reads: Reads

    def do(self, name: str, *, seen_event: int | None = None, **fields: Any) -> Done:
        """Perform an operation."""
        made = BY_NAME[name]
        request = made.request.model_validate(fields)
        return perform(self.engine, made, request, actor="tests", seen_event=seen_event)

    def street(self, name: str, **fields: Any) -> None:
        """Name a street of the commune."""
        self.do("name-street", **{"commune": COMMUNE, "street": name} | fields)

    def house(self, number: str | None, street: str | None = "Phố Láng", **fields: Any) -> str:
        """The code of a new active record."""
        given = {"commune": COMMUNE, "street": street, "house_number": number}
        given = {name: value for name, value in given.items() if value} | fields
        (record,) = self.do("propose", **given).records
        self.do("activate", code=record.code)
        return record.code

    def reserve(self, count: int = 1) -> list[str]:
        """Reserved codes."""
        return [record.code for record in self.do("reserve", count=count).records]

    def retire(self, code: str) -> None:
        """End a record."""
        self.do("retire", code=code, reason="tests")

    def record(self, code: str) -> Record:
        """An active or proposed record, as publicly visible."""
        return lookup(self.reads, code)

    def row(self, code: str) -> Row[Any]:
        """All columns of a record, whatever its state."""
        with session_scope(self.engine) as session:
            query = text("SELECT * FROM household WHERE code = :code")
            return session.execute(query, {"code": code}).one()

    def rows(self, query: str, **parameters: object) -> list[tuple[Any, ...]]:
        """What a statement finds."""
        with session_scope(self.engine) as session:
            return [tuple(row) for row in session.execute(text(query), parameters)]

    def steps(self, code: str) -> list[Step]:
        """The history of a code."""
        return history(self.reads, code)


@contextmanager
def town(admin_url: str, name: str) -> Iterator[Town]:
    """A register in a database of its own, with Phố Láng named in Phường Láng."""
    with postgis.clone(admin_url, name) as url, town_at(url) as made:
        made.street("Phố Láng")
        yield made


@contextmanager
def town_at(url: str) -> Iterator[Town]:
    """The register in a database."""
    engine = make_engine(url, pool_size=4)
    reads = Reads(url, pool_size=2, statement_timeout_ms=10_000)
    try:
        yield Town(url, engine, reads)
    finally:
        reads.close()
        engine.dispose()
