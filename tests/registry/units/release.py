"""The seeds of a release that differ from those of the checkout, and a register that loads them."""

import csv
import datetime
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from registry.core.database import OWNER_ROLE, make_engine
from registry.units import seeds
from registry.units.seeds import load_seeds


@dataclass
class Release:
    """A register, and a copy of the seeds that a release may change."""

    url: str
    engine: Engine
    folder: Path

    def edit(self, name: str, change: Callable[[list[dict[str, str]]], None]) -> None:
        path = self.folder / f"{name}.csv"
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        names = list(rows[0])
        change(rows)
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def end(self, code: str, into: str, day: datetime.date) -> None:
        """A current commune is merged into another one."""

        def close(column: str) -> Callable[[list[dict[str, str]]], None]:
            def change(rows: list[dict[str, str]]) -> None:
                for row in rows:
                    if (row["level"], row["code"], row[column]) == ("commune", code, ""):
                        row[column] = day.isoformat()

            return change

        self.edit("units", close("ended"))
        self.edit("unit_versions", close("valid_to"))
        self.edit(
            "unit_successions",
            lambda rows: rows.append(
                {
                    "pred_level": "commune",
                    "pred_code": code,
                    "pred_born": "2025-07-01",
                    "succ_level": "commune",
                    "succ_code": into,
                    "succ_born": "2025-07-01",
                    "extent": "full",
                    "effective_on": day.isoformat(),
                    "source": "tests",
                }
            ),
        )

    def move(self, code: str, province: str, day: datetime.date) -> None:
        """A current commune moves to another province."""

        def change(rows: list[dict[str, str]]) -> None:
            (row,) = (
                row
                for row in rows
                if (row["level"], row["code"], row["valid_to"]) == ("commune", code, "")
            )
            rows.append(row | {"valid_from": day.isoformat(), "province_code": province})
            row["valid_to"] = day.isoformat()

        self.edit("unit_versions", change)

    def load(self) -> None:
        with self.engine.begin() as connection:
            load_seeds(connection, lambda _line: None)

    def unit(self, code: str) -> int:
        return self.one(
            "SELECT u.id FROM admin_unit u WHERE u.level = 'commune' AND u.code = :code"
            " AND lower(u.lifetime) = '2025-07-01'",
            code=code,
        )

    def one(self, statement: str, **parameters: object) -> int:
        with self.engine.connect() as connection:
            found: int = connection.execute(text(statement), parameters).scalar_one()
            return found


@contextmanager
def release_of(
    codes: Collection[str], url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Release]:
    """Seeds that hold the rows which name one of these codes: what the files do not name stays as
    it was loaded.
    """
    cut = folder / "seed"
    cut.mkdir()
    for name in seeds.FILES:
        head, *lines = seeds.seed_file(name).read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if not set(codes).isdisjoint(line.split(",")[:5])]
        (cut / f"{name}.csv").write_text("\n".join([head, *kept, ""]), encoding="utf-8")
    monkeypatch.setattr(seeds, "SEED_FOLDER", cut)
    engine = make_engine(url, role=OWNER_ROLE)
    yield Release(url, engine, cut)
    engine.dispose()
