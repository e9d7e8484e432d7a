"""A copy of a register in one SQLite file: what `diachiso follow` keeps.

Each page of the feed is applied in one transaction together with the cursor behind it, so whoever
keeps the copy may be killed at any moment.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar, Final

from registry.core.tables.records import Goes, described, going

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY CHECK (id = 1), cursor TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS unit (id INTEGER PRIMARY KEY, code TEXT, level TEXT, name TEXT,
    province_code TEXT, province_name TEXT, words TEXT, words_before_2025_07 TEXT, map_from TEXT,
    map_to TEXT);
CREATE TABLE IF NOT EXISTS street (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS locality (id INTEGER PRIMARY KEY, name TEXT NOT NULL, parent INTEGER);
CREATE TABLE IF NOT EXISTS retired (code TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS succession (old_code TEXT, new_code TEXT, kind TEXT,
    PRIMARY KEY (old_code, new_code)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS succession_to ON succession (new_code);
DROP VIEW IF EXISTS label;
-- How an address reads: today, and with the units of 30 June 2025 where they are known.
CREATE VIEW label AS
    SELECT d.code, door || u.words AS label, door || f.words_before_2025_07 AS label_before_2025_07
    FROM (
        SELECT a.code, a.commune, a.former_commune, coalesce(a.inside || ', ', '')
            || coalesce(nullif(trim(coalesce(a.house_number, '') || ' ' || coalesce(s.name, '')),
                '') || ', ', '')
            || coalesce((
                WITH RECURSIVE up (name, parent, step) AS (
                    SELECT name, parent, 1 FROM locality WHERE id = a.locality
                    UNION ALL SELECT l.name, l.parent, step + 1
                    FROM up JOIN locality l ON l.id = up.parent
                ) SELECT group_concat(name, ', ') FROM (SELECT name FROM up ORDER BY step)
            ) || ', ', '') AS door
        FROM address a LEFT JOIN street s ON s.id = a.street
    ) d LEFT JOIN unit u ON u.id = commune
    LEFT JOIN unit f ON f.id = coalesce(former_commune, commune);
"""
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
_CREATE: Final = (
    "CREATE TABLE IF NOT EXISTS address"
    f" ({', '.join(f'{name} {type_}' for name, type_ in _ADDRESS.items())}) WITHOUT ROWID"
)
PUT: Final = (
    f"INSERT OR REPLACE INTO address ({', '.join(COLUMNS)}, street, locality)"  # noqa: S608
    f" VALUES ({', '.join('?' * (len(COLUMNS) + 2))})"
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
            self.db.execute(_CREATE)
            self._add_missing_columns()
            self.db.executescript(SCHEMA)
        except sqlite3.Error:
            self.db.close()
            raise

    def _add_missing_columns(self) -> None:
        """Those of a later release than the one that made the copy."""
        known = {row[1] for row in self.db.execute("PRAGMA table_info(address)")}
        for name in _ADDRESS.keys() - known:
            self.db.execute(f"ALTER TABLE address ADD COLUMN {name} {_ADDRESS[name]}")

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()

    def cursor(self) -> str | None:
        """Where to go on; None when nothing is here yet."""
        row = self.db.execute("SELECT cursor FROM state").fetchone()
        return row[0] if row else None

    def apply(self, entries: Iterable[Entry], cursor: str) -> int:
        """All entries, and where to go on behind them, or nothing; returns how many."""
        applied = 0
        with self.db:
            for applied, entry in enumerate(entries, 1):  # noqa: B007
                # Types may come that are not known yet.
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
        entrances = json.dumps(e["entrances"], ensure_ascii=False)
        told = e | {"entrances": entrances}
        self.db.execute(PUT, [told[name] for name in COLUMNS] + places)
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
        "transform": _retire,  # which says besides what continues it
        "remove": _remove,
    }
