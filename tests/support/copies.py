"""A copy that follows the feed, and how it differs from the register: every public member."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

from api.v1.addresses import Address, address_answer
from registry.core.errors import GoneError, NotFoundError
from registry.core.settings import Settings
from registry.core.tables.records import Goes, described, going
from registry.publish.changes import Page, read_page
from registry.publish.changes.entries import Following, following
from registry.records.lookup import lookup
from registry.register import Register
from scripts.follow_copy import Copy

_ADDRESS = """
    SELECT a.*, l.label, l.label_before_2025_07, s.name AS street_name, u.code AS commune_code,
        u.name AS commune_name, u.province_code, u.province_name, u.map_from, u.map_to,
        f.code AS former_code, f.name AS former_name
    FROM address a JOIN label l ON l.code = a.code LEFT JOIN street s ON s.id = a.street
    LEFT JOIN unit u ON u.id = a.commune LEFT JOIN unit f ON f.id = a.former_commune
"""
_SAME = ("code", "kind", "status", "label", "label_before_2025_07", "house_number", "building")
_ALSO_SAME = tuple(
    member
    for column in going(Goes.ANSWERED | Goes.FED)
    if (member := described(column).member) in Address.__annotations__
    and member not in (*_SAME, "parent", "entrances", "uses")
)
_NO_ENTRANCE = dict.fromkeys(("accuracy_m", "note", "seen_on", "source", "of"))
LEFT_OUT = {"code_display", "code_spoken", "demo", "postcode"}
"""Members of an address that its code, or its commune, tells by itself."""


def bodies(copy: Copy) -> dict[str, dict[str, Any]]:
    """By code what `GET /v1/addresses/{code}` answers, as the copy has it."""
    copy.db.row_factory = _by_name
    try:
        rows = copy.db.execute(_ADDRESS).fetchall()
        places = {p["id"]: p for p in copy.db.execute("SELECT * FROM locality").fetchall()}
    finally:
        copy.db.row_factory = None
    return {row["code"]: _body(row, places) for row in rows}


def _by_name(cursor: Any, row: tuple[Any, ...]) -> dict[str, Any]:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


def _body(row: dict[str, Any], places: dict[int, dict[str, Any]]) -> dict[str, Any]:
    localities, at = [], row["locality"]
    while at is not None:
        localities.append(places[at]["name"])
        at = places[at]["parent"]
    position = None
    if row["lon"] is not None:
        position = {
            "lon": row["lon"],
            "lat": row["lat"],
            "method": row["position_method"],
            "accuracy_m": row["position_accuracy_m"],
        }
    return {name: row[name] for name in (*_SAME, *_ALSO_SAME)} | {
        "street": row["street_name"],
        "localities": localities,
        "parent": row["parent"],
        "commune": _unit(row["commune_code"], row["commune_name"]),
        "province": _unit(row["province_code"], row["province_name"]),
        "former_commune": _unit(row["former_code"], row["former_name"]),
        "map": {"from": row["map_from"], "to": row["map_to"]},
        "position": position,
        "entrances": [_NO_ENTRANCE | each for each in json.loads(row["entrances"])],
        "uses": json.loads(row["uses"]),
    }


def _unit(code: str | None, name: str | None) -> dict[str, str | None] | None:
    return {"code": code, "name": name} if code else None


def successors(copy: Copy, code: str) -> set[str]:
    """Codes in use that continue a retired one, through any number of steps."""
    found, ahead = set(), {code}
    while ahead:
        step = copy.db.execute("SELECT new_code FROM succession WHERE old_code = ?", [ahead.pop()])
        for (heir,) in step.fetchall():
            known = copy.db.execute("SELECT 1 FROM address WHERE code = ?", [heir]).fetchone()
            if heir not in found:
                ahead.add(heir)
            if known:
                found.add(heir)
    return found


@dataclass
class Follower:
    """Follows a register page by page, as the client does."""

    register: Register
    copy: Copy
    limit: int = 1_000
    unit: str | None = None
    demo: bool = False
    entries: list[dict[str, Any]] = field(default_factory=list)
    """All that it was told."""

    @property
    def wanted(self) -> Following:
        return following(self.register.gazetteer.get(), self.unit, demo=self.demo)

    def page(self) -> Page:
        """Read and apply one page."""
        page = read_page(self.register, self.wanted, self.copy.cursor(), self.limit)
        assert len(page.entries) <= self.limit
        self.copy.apply(page.entries, page.cursor)
        self.entries += page.entries
        return page

    def catch_up(self) -> list[dict[str, Any]]:
        """Read all there is; the entries, without those of units."""
        seen = len(self.entries)
        while self.page().more:
            pass
        return [e for e in self.entries[seen:] if e["type"] != "unit"]

    def differences(self) -> list[str]:
        """Differences between the copy and the register's public answers; [] if equal."""
        known, wanted = self.register.gazetteer.get(), self.wanted
        rows = self.register.reads.rows("SELECT code, unit_id, restricted FROM household", {})
        shown, expected, gone = bodies(self.copy), {}, {}
        for code, unit_id, restricted in rows:
            if not wanted.shows(code, unit_id, "active", restricted):
                continue
            try:
                answer = address_answer(known, lookup(self.register.reads, code))
                body = to_jsonable_python(answer)
            except GoneError as error:
                heirs: Any = error.extra["successors"]
                gone[code] = {heir["code"] for heir in heirs}
                continue
            except NotFoundError:
                continue
            body["parent"] = body["parent"] and body["parent"]["code"]
            expected[code] = {name: body[name] for name in body if name not in LEFT_OUT}
        retired = {code for (code,) in self.copy.db.execute("SELECT code FROM retired")}
        found = [
            f"{code}: {shown.get(code)}, not {expected.get(code)}"
            for code in sorted({*shown, *expected})
            if shown.get(code) != expected.get(code)
        ]
        found += [f"{code}: retired" for code in sorted(retired ^ gone.keys())]
        if self.unit is None:
            hidden = {code for code, _, restricted in rows if restricted}
            for code, heirs in gone.items():
                known_heirs, passed = successors(self.copy, code), self._onward(code)
                # A chain of successors ends at a restricted record for followers.
                right = known_heirs <= heirs if passed & hidden else known_heirs == heirs
                if not right:
                    found.append(f"{code}: continued by {known_heirs}, not {heirs}")
        return found

    def _onward(self, code: str) -> set[str]:
        """Every code that continues another, whatever its state."""
        statement = """
            WITH RECURSIVE onward AS (
                SELECT new_code FROM succession_link
                WHERE old_code = %(code)s AND ended_by_event_id IS NULL
                UNION
                SELECT s.new_code FROM onward o JOIN succession_link s
                    ON s.old_code = o.new_code AND s.ended_by_event_id IS NULL
            ) SELECT new_code FROM onward
        """
        return {row[0] for row in self.register.reads.rows(statement, {"code": code})}


@contextmanager
def opened(url: str) -> Iterator[Register]:
    """The register in a database."""
    register = Register.open(Settings(), url)
    try:
        yield register
    finally:
        register.close()


@contextmanager
def follower(register: Register, folder: Path, **options: Any) -> Iterator[Follower]:
    """A follower with an empty copy."""
    copy = Copy(folder)
    try:
        yield Follower(register, copy, **options)
    finally:
        copy.close()
