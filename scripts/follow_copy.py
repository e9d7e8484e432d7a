"""A copy of a register in one SQLite file: what `diachiso follow` keeps.

Each page of the feed is applied in one transaction together with the cursor after it, so the
follower may be killed at any moment.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar, Final

from registry.core.sql import Statements
from registry.core.tables.records import Goes, described, going

_TYPES: Final = {int: "INTEGER", float: "REAL"}
COLUMNS: Final = {
    "code": "TEXT PRIMARY KEY",
    "inside": "TEXT",
    "house_number": "TEXT",
    "lon": "REAL",
    "lat": "REAL",
    "commune": "INTEGER",
    "former_commune": "INTEGER",
    **{
        described(column).member: _TYPES.get(column.type.python_type, "TEXT")
        for column in going(Goes.FED)
        if column.name != "point"
    },
}
"""Members of an entry that are columns of `address`, with their types in SQLite."""
_ADDRESS: Final = COLUMNS | {"street": "INTEGER", "locality": "INTEGER"}
SQL: Final = Statements(
    __file__,
    columns=", ".join(COLUMNS),
    declared=", ".join(f"{name} {type_}" for name, type_ in _ADDRESS.items()),
    values=", ".join("?" * len(_ADDRESS)),
)
Entry = dict[str, Any]


class Copy:
    """The copy in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(folder / "copy.sqlite")
        try:
            self.db.execute("PRAGMA journal_mode = WAL")
            self.db.execute("PRAGMA synchronous = NORMAL")  # what is lost is lost with its cursor
            self.db.execute(SQL.written("create_address"))
            self._add_missing_columns()
            self.db.executescript(SQL.written("create"))
        except sqlite3.Error:
            self.db.close()
            raise

    def _add_missing_columns(self) -> None:
        """Add columns of later releases than the one that created the copy."""
        known = {row[1] for row in self.db.execute("PRAGMA table_info(address)")}
        for name in _ADDRESS.keys() - known:
            self.db.execute(f"ALTER TABLE address ADD COLUMN {name} {_ADDRESS[name]}")

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def cursor(self) -> str | None:
        """Return the cursor; None for an empty copy."""
        row = self.db.execute("SELECT cursor FROM state").fetchone()
        return row[0] if row else None

    def apply(self, entries: Iterable[Entry], cursor: str) -> int:
        """Apply all entries and the cursor after them, or nothing; return how many."""
        applied = 0
        with self.db:
            for applied, entry in enumerate(entries, 1):  # noqa: B007
                # There may be types that are not known yet.
                if write := self._WRITERS.get(entry["type"]):
                    write(self, entry)
            self.db.execute("INSERT OR REPLACE INTO state VALUES (1, ?)", [cursor])
        return applied

    def _unit(self, e: Entry) -> None:
        province = e["province"] or {"code": None, "name": None}
        values = [e["id"], e["code"], e["level"], e["name"], province["code"], province["name"]]
        values += [e["words"], e["words_before_2025_07"], e["map"]["from"], e["map"]["to"]]
        self.db.execute("INSERT OR REPLACE INTO unit VALUES (?,?,?,?,?,?,?,?,?,?)", values)

    def _street(self, e: Entry) -> None:
        self.db.execute("INSERT OR REPLACE INTO street VALUES (?, ?)", [e["id"], e["name"]])

    def _locality(self, e: Entry) -> None:
        chain = e["localities"]
        parents = [outer["id"] for outer in chain[1:]] + [None]
        self.db.executemany(
            "INSERT OR REPLACE INTO locality VALUES (?, ?, ?)",
            [(p["id"], p["name"], parent) for p, parent in zip(chain, parents, strict=True)],
        )

    def _put(self, e: Entry) -> None:
        code, street, localities = e["code"], e["street"], e["localities"]
        if street:
            self._street(street)
        if localities:
            self._locality(e)
        places = [street and street["id"], localities[0]["id"] if localities else None]
        lists = ("entrances", "uses")
        values = e | {name: json.dumps(e.get(name, []), ensure_ascii=False) for name in lists}
        self.db.execute(SQL.written("put"), [values[name] for name in COLUMNS] + places)
        self.db.execute("DELETE FROM retired WHERE code = ?", [code])
        self._link(e)

    def _retire(self, e: Entry) -> None:
        self.db.execute("DELETE FROM address WHERE code = ?", [e["code"]])
        self.db.execute("INSERT OR REPLACE INTO retired VALUES (?)", [e["code"]])
        self._link(e)

    def _remove(self, e: Entry) -> None:
        self.db.execute("DELETE FROM address WHERE code = ?", [e["code"]])
        self.db.execute("DELETE FROM retired WHERE code = ?", [e["code"]])
        self._link(e)

    def _link(self, e: Entry) -> None:
        """It continues, and is continued by, what the entry says and nothing else."""
        code = e["code"]
        self.db.execute("DELETE FROM succession WHERE old_code = ? OR new_code = ?", [code, code])
        links = [(old["code"], code, old["kind"]) for old in e.get("continues", ())]
        links += [(code, heir, e["kind"]) for heir in e.get("continued_by", ())]
        self.db.executemany("INSERT INTO succession VALUES (?, ?, ?)", links)

    _WRITERS: ClassVar[dict[str, Callable[["Copy", Entry], None]]] = {
        "unit": _unit,
        "street": _street,
        "locality": _locality,
        "put": _put,
        "retire": _retire,
        "transform": _retire,  # also lists the successors
        "remove": _remove,
    }
