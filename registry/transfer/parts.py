"""The parts of the file and the members of their lines, as `members.csv` has them."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
REFERENCES: Final = {
    "unit": "text",
    "code": "text",
    "event": "bigint",
    "import": "bigint",
    "place": "bigint",
    "street": "bigint",
    "locality": "bigint",
}
"""What a member may refer to → the type in which it does so."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a line."""

    name: str
    type: str

    @property
    def sql_type(self) -> str:
        """As PostgreSQL names it."""
        return REFERENCES.get(self.type, self.type)


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of thing, in a member of the archive: a line of JSON for each."""

    name: str
    members: tuple[Member, ...]

    @property
    def file_name(self) -> str:
        """Of the archive's member."""
        return f"{self.name}.jsonl"

    def script(self, direction: str) -> str:
        """The SQL that reads it from a register (`outward`) or writes it into one (`inward`)."""
        return script(f"{direction}/{self.name}")


def script(name: str) -> str:
    """A script of this room."""
    return (HERE / f"{name}.sql").read_text(encoding="utf-8")


def _read() -> Iterator[Part]:
    with (HERE / "members.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    for name, members in groupby(rows, key=lambda row: row["part"]):
        yield Part(name, tuple(Member(row["member"], row["type"]) for row in members))


PARTS: Final = tuple(_read())
"""In the order in which they are written and read: what is referred to comes first."""
