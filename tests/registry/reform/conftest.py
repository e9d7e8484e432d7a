"""A town that goes through reforms, in a database of the test's own."""

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from registry.core.database import session_scope
from registry.reform.reading import read_resolution
from registry.reform.report import Report
from registry.reform.run import Options, reform
from registry.units.gazetteer import Gazetteer, today
from tests.support.lifecycle import Town, town

HEAD = """\
resolution:
  number: {number}
  title: Sắp xếp đơn vị hành chính
  date: {signed}
  effective: {day}
"""

SPLIT = """\
changes:
  - split:
      unit: "00199"
      into:
        - into: {code: "00201", name: Láng Đông, kind: phuong}
          localities: [Tổ 1]
        - into: {code: "00202", name: Láng Tây, kind: phuong}
          localities: [Tổ 2]
"""


def resolution(changes: str, number: str, day: datetime.date | None = None) -> bytes:
    """A file that changes units, today unless `day` is given."""
    head = HEAD.format(number=number, day=day or today(), signed=today())
    return (head + changes).encode()


@dataclass
class Hall:
    """A town, and a way to hand in resolutions."""

    town: Town
    folder: Path

    def file(
        self,
        changes: str,
        *,
        number: str = "1/NQ",
        day: datetime.date | None = None,
        name: str = "r",
    ) -> Path:
        """A resolution with these changes, as a file; effective today by default."""
        when = day or today()
        path = self.folder / f"{name}.yaml"
        head = HEAD.format(number=number, day=when, signed=min(when, today()))
        meant = "  confirm: [day_past]\n" if when < today() else ""
        path.write_text(head + meant + changes, "utf-8")
        return path

    def carry(
        self,
        changes: str,
        *,
        number: str = "1/NQ",
        day: datetime.date | None = None,
        **options: Any,
    ) -> Report:
        """Hand it in."""
        path = self.file(changes, number=number, day=day)
        return reform(
            self.town.engine, read_resolution(path), Options(**{"actor": "tests"} | options)
        )

    def count_targets(self, households: dict[str, int]) -> None:
        """Set the target households of communes."""
        with session_scope(self.town.engine) as session:
            for code, count in households.items():
                session.execute(
                    text(
                        "INSERT INTO target (unit_id, households, quality, source, reference_date)"
                        " SELECT id, :n, 'declared', 'phường', '2026-01-01' FROM admin_unit"
                        " WHERE level = 'commune' AND code = :code AND upper_inf(lifetime)"
                    ),
                    {"n": count, "code": code},
                )

    def targets(self) -> dict[str, tuple[int, str]]:
        """Code of a commune → the target that counts, and its quality."""
        rows = self.town.rows(
            "SELECT u.code, t.households, t.quality FROM target t"
            " JOIN admin_unit u ON u.id = t.unit_id WHERE withdrawn_at IS NULL"
            " AND u.level = 'commune' AND upper_inf(u.lifetime)"
        )
        return {str(code): (int(n), str(quality)) for code, n, quality in rows}


@pytest.fixture
def hall(
    gazetteer: Gazetteer, admin_url: str, worker_id: str, tmp_path: Path, request: Any
) -> Iterator[Hall]:
    """A town of the test's own; while the units of the seeds are kept, it loads only those that it
    changes.
    """
    with town(admin_url, f"reform_{worker_id}_{abs(hash(request.node.name)) % 10**6}") as made:
        yield Hall(made, tmp_path)


@contextmanager
def refused() -> Iterator[Callable[[], list[tuple[str, int | None]]]]:
    """A block that raises a refusal; afterwards (code, line) of each."""
    from registry.reform.refusals import ResolutionRefusedError

    with pytest.raises(ResolutionRefusedError) as caught:
        yield lambda: [(each.code, each.line) for each in caught.value.refusals]
