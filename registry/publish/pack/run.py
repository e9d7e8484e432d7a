"""Makes a pack: the whole commune, or its changes since an earlier pack."""

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
from registry.publish.changes.unit_serials import FeedUnits, note_units
from registry.publish.pack.content import pack_content
from registry.publish.pack.file import VERSION, pack_file
from registry.publish.pack.keys import key_file, public_keys
from registry.publish.pack.rows import Part
from registry.register import Register
from registry.units import unit_by_code
from registry.units.gazetteer import today

_PAGE: Final = 10_000
_MOST: Final = 5_000
"""Changed records: with more of them a whole pack is not larger."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A finished pack."""

    body: bytes
    doors: int
    """Records in use that it contains."""
    cursor: str
    """Cursor of the change feed that the pack reaches."""
    whole: bool
    """Whether it stands alone; otherwise it applies to the earlier pack."""


@dataclass(frozen=True, slots=True)
class _Changed:
    """Changes of a commune since a cursor."""

    cursor: str
    part: Part
    removed: list[str]


def pack_state(
    register: Register, unit: str, *, demo: bool, since: str | None = None, use: str | None = None
) -> str:
    """Return a digest that changes with the pack, cheaper than the pack.

    It changes with every event of the register, in any commune. Raises as `make_pack` does.
    """
    commune_of(register, unit)
    _advance_feed(register)
    state = register.reads.rows(IDENTITY, {})[0]
    signing = public_keys(key_file(register.settings))["keys"][0]["kid"]
    inputs = (*state, unit, demo, since, use, today().isoformat(), VERSION, signing)
    return hashlib.sha256(repr(inputs).encode()).hexdigest()[:32]


def make_pack(
    register: Register, unit: str, *, demo: bool, since: str | None = None, use: str | None = None
) -> Pack:
    """Make the pack of a current commune.

    `since`, the cursor of an earlier pack, limits it to later changes unless they are too many;
    `use` to doors with that use, always as a whole pack. Restricted records are left out. Raises
    InvalidInputError for an invalid commune code, NotFoundError if no current commune has it,
    CursorRefusedError for a cursor of another register, commune or `demo`, SigningKeyError, and
    errors of the database.
    """
    commune_id = commune_of(register, unit)
    wanted = following(register.gazetteer.get(), unit, demo=demo)
    _advance_feed(register)
    changed = (
        None if since is None or use is not None else _changed(register, wanted, commune_id, since)
    )
    return _make(register, unit, wanted, Part(commune_id, demo, use=use), changed, since)


def _advance_feed(register: Register) -> None:
    """Move pending events and units into the feed, so that the cursor is current."""
    with suppress(DatabaseUnavailableError, OperationalError):
        move_pending_events(register.engine)
    note_units(register.engine, register.gazetteer.get())


def commune_of(register: Register, code: str) -> int:
    """Return the id of the current commune with this code.

    Raises InvalidInputError, NotFoundError.
    """
    unit = unit_by_code(register.gazetteer.get(), code, today())
    if unit.level != "commune":
        raise InvalidInputError.of_field(
            "commune", "no_commune", Message("not_a_commune_code", code=code)
        )
    return unit.id


def _changed(register: Register, wanted: Following, commune_id: int, since: str) -> _Changed | None:
    """Return the changes; None if they are so many that a whole pack is better."""
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


def _make(
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
        identity, position, *fed = session.connection().exec_driver_sql(IDENTITY).one()
        cursor = str(Cursor(identity, wanted.digest, FeedUnits(*fed).serial, None, Read(position)))
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
        # Events written while the feed was read come again next time, which does no harm.
        header |= {"kind": "changes", "since": since, "cursor": changed.cursor}
        content["removed"] = "".join(changed.removed)
    body = pack_file(key_file(register.settings), header, content)
    return Pack(body, content["doors"]["count"], str(header["cursor"]), changed is None)
