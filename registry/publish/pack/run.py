"""A pack is made: the whole commune, or what changed in it since an earlier pack."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.exc import OperationalError

from registry.core.database import driver_connection, session_scope
from registry.core.errors import DatabaseUnavailableError, InvalidInputError
from registry.core.events import move_pending_events
from registry.core.messages import Message
from registry.publish.changes import IDENTITY, read_page
from registry.publish.changes.cursor import Cursor, Read
from registry.publish.changes.entries import Entry, Following, following
from registry.publish.changes.told_units import UnitsTold, note_units
from registry.publish.pack.content import pack_content
from registry.publish.pack.file import VERSION, pack_file
from registry.publish.pack.keys import key_file, public_keys
from registry.publish.pack.rows import Part
from registry.register import Register
from registry.units import unit_by_code
from registry.units.gazetteer import today

_PAGE: Final = 10_000
_MOST: Final = 5_000
"""Records that changed: for more of them the commune comes as a whole, which is not larger."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that was made."""

    body: bytes
    doors: int
    """Records in it that are in use."""
    cursor: str
    """Of the change feed: what changed behind it is in no pack of before."""
    whole: bool
    """Whether it stands by itself; otherwise it goes on top of the one that was named."""


@dataclass(frozen=True, slots=True)
class _Changed:
    """What the feed tells of a commune since a cursor."""

    cursor: str
    part: Part
    removed: list[str]


def pack_state(
    register: Register, unit: str, *, demo: bool, since: str | None = None, use: str | None = None
) -> str:
    """A text that is another one as soon as the pack would be: cheaper than the pack.

    It changes with every event of the register, of whichever commune. Raises what `make_pack` does.
    """
    commune_of(register, unit)
    _bring_along(register)
    state = register.reads.rows(IDENTITY, {})[0]
    signing = public_keys(key_file(register.settings))["keys"][0]["kid"]
    told = (*state, unit, demo, since, use, today().isoformat(), VERSION, signing)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def make_pack(
    register: Register, unit: str, *, demo: bool, since: str | None = None, use: str | None = None
) -> Pack:
    """The pack of a commune of today; with `since`, the cursor of one that its caller has, what
    changed after that, where it is not too much; with `use` only doors where that stands, always
    as a whole.

    Restricted records are in none. Raises InvalidInputError for what is no commune's code,
    NotFoundError when none of today bears it, CursorRefusedError for a cursor of another register,
    commune or `demo`, SigningKeyError, and what the database raises.
    """
    commune_id = commune_of(register, unit)
    wanted = following(register.gazetteer.get(), unit, demo=demo)
    _bring_along(register)
    changed = (
        None if since is None or use is not None else _changed(register, wanted, commune_id, since)
    )
    return _made(register, unit, wanted, Part(commune_id, demo, use=use), changed, since)


def _bring_along(register: Register) -> None:
    """Let the feed reach as far as the register, so that the cursor is as new as can be."""
    with suppress(DatabaseUnavailableError, OperationalError):
        move_pending_events(register.engine)
    note_units(register.engine, register.gazetteer.get())


def commune_of(register: Register, code: str) -> int:
    """Id of the commune of today that bears the code. Raises InvalidInputError, NotFoundError."""
    unit = unit_by_code(register.gazetteer.get(), code, today())
    if unit.level != "commune":
        raise InvalidInputError.of_field(
            "commune", "no_commune", Message("not_a_commune_code", code=code)
        )
    return unit.id


def _changed(register: Register, wanted: Following, commune_id: int, since: str) -> _Changed | None:
    """None where so much changed that the whole is asked for."""
    codes: dict[str, None] = {}
    removed: list[str] = []
    places: dict[str, set[int]] = {"street": set(), "locality": set()}
    cursor, more = since, True
    while more:
        page = read_page(register, wanted, cursor, _PAGE)
        for entry in page.entries:
            _take(entry, codes, removed, places)
        cursor, more = page.cursor, page.more
        if len(codes) + len(removed) > _MOST:
            return None
    part = Part(
        commune_id, wanted.demo, [*codes], sorted(places["street"]), sorted(places["locality"])
    )
    return _Changed(cursor, part, sorted(set(removed)))


def _take(
    entry: Entry, codes: dict[str, None], removed: list[str], places: dict[str, set[int]]
) -> None:
    match entry["type"]:
        case "put" | "transform" | "retire":
            codes[entry["code"]] = None
        case "remove":
            removed.append(entry["code"])
        case "street":
            places["street"].add(entry["id"])
        case "locality":
            places["locality"].add(entry["localities"][0]["id"])


def _made(
    register: Register,
    unit: str,
    wanted: Following,
    whole: Part,
    changed: _Changed | None,
    since: str | None,
) -> Pack:
    day, known = today(), register.gazetteer.get()
    with session_scope(register.read_engine) as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        identity, position, *told = session.connection().exec_driver_sql(IDENTITY).one()
        cursor = str(Cursor(identity, wanted.digest, UnitsTold(*told).serial, None, Read(position)))
        connection: Any = driver_connection(session.connection())
        part = changed.part if changed else whole
        content = pack_content(connection, register.reads, known, part, day)
    header = {
        "kind": "whole",
        "register": identity,
        "commune": unit,
        "name": content["commune"]["name"],
        "day": day.isoformat(),
        "cursor": cursor,
        "since": None,
        "demo": wanted.demo,
        "use": whole.use,
        "doors": content["doors"]["count"],
    }
    if changed:
        # What is written while the pages of the feed were read comes once more, which does no harm.
        header |= {"kind": "changes", "since": since, "cursor": changed.cursor}
        content["removed"] = "".join(changed.removed)
    body = pack_file(key_file(register.settings), header, content)
    return Pack(body, content["doors"]["count"], str(header["cursor"]), changed is None)
