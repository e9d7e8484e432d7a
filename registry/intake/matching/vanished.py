"""What a full delivery no longer has: references marked, records retired, and both brought back.

A full delivery says "these are all of ours". A reference of the source that is not in it has
vanished. Its record is retired when nobody else's reference names it. A wrong or cut file would
retire a whole commune, so many vanished references are a warning and nearly all are a refusal.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from registry.errors import TooManyVanishedError
from registry.intake.matching.shared_doors import NEWLY_SHARING

WARN_PCT: Final = 20
REFUSE_PCT: Final = 80
"""Above these shares of a source's living references: a warning, a refusal."""
MANY: Final = "many_vanished"
TOO_MANY: Final = TooManyVanishedError.code

# A row that was rejected is in the file all the same. Where it has no reference, its door tells
# which one it had, in whatever commune: that may be what is wrong with the row.
# A key answers for the records of its units only.
_OURS: Final = """
    (writable_units() IS NULL OR EXISTS (
        SELECT FROM household h WHERE h.code = r.code AND h.unit_id = ANY (writable_units())))
"""
_VANISHED: Final = f"""
    CREATE TEMPORARY TABLE vanished ON COMMIT DROP AS
    SELECT r.source_ref, r.code
    FROM household_ref r
    WHERE r.source = :source AND r.vanished_import_id IS NULL AND {_OURS}
        AND NOT EXISTS (SELECT FROM door d WHERE d.ref = r.source_ref)
        AND NOT EXISTS (SELECT FROM judged j WHERE j.source_ref = r.source_ref)
"""
_SPARED: Final = """
    DELETE FROM vanished v
    USING household h
    LEFT JOIN thoroughfare t ON t.id = h.thoroughfare_id
    LEFT JOIN locality l ON l.id = h.locality_id
    WHERE h.code = v.code AND EXISTS (
        SELECT FROM judged j
        WHERE j.source_ref IS NULL
            AND NOT EXISTS (SELECT FROM door d WHERE d.row_number = j.row_number)
            AND (j.street_key, CASE WHEN j.street_key IS NULL THEN j.place_keys[1] END,
                j.number_key, j.building_key, j.storey, j.flat)
            IS NOT DISTINCT FROM (t.key, CASE WHEN t.key IS NULL THEN l.key END,
                h.house_number_key, h.building_key, h.floor, h.unit_number)
    )
"""
# Living, though: what any other reference names, one of this file among them.
_RETIRING: Final = """
    CREATE TEMPORARY TABLE retiring ON COMMIT DROP AS
    SELECT DISTINCT v.code
    FROM vanished v
    JOIN household h ON h.code = v.code AND h.status IN ('active', 'proposed')
    WHERE NOT EXISTS (SELECT FROM outcome o WHERE o.code = v.code)
        AND NOT EXISTS (
            SELECT FROM household_ref r
            WHERE r.code = v.code AND r.vanished_import_id IS NULL AND NOT (
                r.source = :source AND EXISTS (
                    SELECT FROM vanished w WHERE w.source_ref = r.source_ref))
        )
"""
_LIVING: Final = f"""
    SELECT count(*) FROM household_ref r
    WHERE r.source = :source AND r.vanished_import_id IS NULL AND {_OURS}
"""

_ANY_VANISHED: Final = """
    SELECT EXISTS (
        SELECT FROM household_ref WHERE source = :source AND vanished_import_id IS NOT NULL)
"""
# Only what an import retired comes back by import: not what somebody took down, merged or split.
_REVIVABLE: Final = """
    h.status = 'retired'
        AND NOT EXISTS (SELECT FROM succession_link s WHERE s.old_code = h.code)
        AND (SELECT e.kind FROM household_version v JOIN event e ON e.id = v.ended_by_event_id
            WHERE v.code = h.code AND v.status <> 'retired'
            ORDER BY v.valid_from DESC LIMIT 1) IN ('import', 'rollback')
"""
_RETURNED: Final = f"""
    CREATE TEMPORARY TABLE returned ON COMMIT DROP AS
    SELECT k.row_number, r.source_ref, r.code,
        {_REVIVABLE} AS revives
    FROM known k
    JOIN door d USING (row_number)
    JOIN household_ref r ON r.source = :source AND r.source_ref = d.ref
    JOIN household h ON h.code = r.code
    WHERE :any AND r.vanished_import_id IS NOT NULL
"""

# The door of a record that this source's file no longer had, back under another reference: the same
# dwelling, and the same code. `same_door` is how `match` knows a door.
_RETURNED_ELSEWHERE: Final = f"""
    INSERT INTO registered (row_number, code)
    SELECT DISTINCT ON (d.row_number) d.row_number, h.code
    FROM household_ref r
    JOIN household h ON h.code = r.code
    LEFT JOIN thoroughfare t ON t.id = h.thoroughfare_id
    LEFT JOIN locality l ON l.id = h.locality_id
    JOIN door d ON {{same_door}}
    WHERE r.source = :source AND r.vanished_import_id IS NOT NULL AND {_REVIVABLE}
        AND NOT EXISTS (SELECT FROM known k WHERE k.row_number = d.row_number)
        AND NOT EXISTS (SELECT FROM registered k WHERE k.row_number = d.row_number)
    ORDER BY d.row_number, d.point <-> h.point NULLS LAST, h.code
"""
_REVIVED_ELSEWHERE: Final = """
    INSERT INTO returned (row_number, source_ref, code, revives)
    SELECT f.row_number, NULL, f.code, true
    FROM found f JOIN household h ON h.code = f.code AND h.status = 'retired'
    WHERE f.outcome = 'linked'
"""

# Revived: active again at the address that it has, which is a change. A row that says another
# address is one already.
_REVIVED: Final = """
    UPDATE found o SET outcome = 'revived' FROM returned b
    WHERE b.row_number = o.row_number AND b.revives AND o.outcome = 'unchanged'
"""

_MARK: Final = """
    UPDATE household_ref r SET vanished_import_id = :import_id
    FROM vanished v WHERE r.source = :source AND r.source_ref = v.source_ref
"""
# A source writes a record under one reference: where another took over, it only names it.
_UNMARK: Final = """
    UPDATE household_ref r SET vanished_import_id = NULL,
        linked = r.linked OR EXISTS (
            SELECT FROM household_ref o
            WHERE o.code = r.code AND o.source = :source AND NOT o.linked
                AND o.vanished_import_id IS NULL)
    FROM returned b WHERE r.source = :source AND r.source_ref = b.source_ref
"""
# A source that numbers its references anew still owns its records: the first new reference of each
# takes over from those that vanished.
_TAKE_OVER: Final = """
    UPDATE household_ref n SET linked = false
    FROM (
        SELECT DISTINCT ON (f.code) f.code, d.ref
        FROM found f JOIN door d ON d.row_number = f.row_number
        WHERE f.outcome = 'linked' AND f.code IS NOT NULL
        ORDER BY f.code, f.row_number
    ) f
    WHERE n.source = :source AND n.source_ref = f.ref AND n.import_id = :import_id
        AND EXISTS (
            SELECT FROM household_ref r
            WHERE r.code = f.code AND r.source = :source AND NOT r.linked
                AND r.vanished_import_id IS NOT NULL)
        AND NOT EXISTS (
            SELECT FROM household_ref r
            WHERE r.code = f.code AND r.source = :source AND NOT r.linked
                AND r.vanished_import_id IS NULL)
"""
_RETIRE: Final = """
    UPDATE household h SET status = 'retired'
    FROM retiring r WHERE h.code = r.code
"""
_RETIRE_BUILDINGS: Final = """
    UPDATE household b SET status = 'retired'
    WHERE b.kind = 'building' AND b.status = 'active'
        AND b.code IN (
            SELECT h.parent_code FROM household h JOIN retiring r USING (code)
            WHERE h.parent_code IS NOT NULL)
        AND NOT EXISTS (
            SELECT FROM household h
            WHERE h.parent_code = b.code AND h.status IN ('active', 'proposed', 'reserved'))
"""
_REVIVE: Final = """
    UPDATE household h SET status = 'active'
    WHERE h.status = 'retired' AND h.code IN (SELECT code FROM returned WHERE revives)
"""
_REVIVE_BUILDINGS: Final = """
    UPDATE household b SET status = 'active'
    WHERE b.kind = 'building' AND b.status = 'retired' AND b.code IN (
        SELECT h.parent_code FROM household h JOIN returned r USING (code) WHERE r.revives)
"""

# What an import is about to change of references that it did not bring, for its rollback.
_KEEP: Final = """
    INSERT INTO household_ref_before
        (import_id, source_ref, linked, shares, row_hash, vanished_import_id)
    SELECT :import_id, r.source_ref, r.linked, r.shares, r.row_hash, r.vanished_import_id
    FROM household_ref r
    WHERE r.source = :source AND r.source_ref IN ({refs})
"""
_CHANGED_REFS: Final = (
    "SELECT d.ref FROM known k JOIN door d USING (row_number) WHERE NOT k.same"
    " UNION SELECT source_ref FROM returned"
    f" UNION {NEWLY_SHARING}"
)


@dataclass(frozen=True, slots=True)
class Vanishing:
    """What of a source is not in its file any more."""

    vanished: int = 0
    """References."""
    living: int = 0
    """References of the source before the import."""
    retiring: int = 0
    """Records that no other reference names."""

    @property
    def share(self) -> float:
        """Of the living references, cut after four places: what is refused was really above."""
        return self.vanished * 10_000 // self.living / 10_000 if self.living else 0.0

    @property
    def warning(self) -> str | None:
        """The stable code of what is wrong with so many: `many_vanished` or `too_many_vanished`."""
        if 100 * self.vanished > REFUSE_PCT * self.living:
            return TOO_MANY
        return MANY if 100 * self.vanished > WARN_PCT * self.living else None

    def counts(self) -> dict[str, Any]:
        """As members of an import's result."""
        return {
            "vanished": self.vanished,
            "vanished_share": self.share,
            "vanished_warning": self.warning,
            "retired": self.retiring,
        }


def find_vanished(connection: Connection, source: str, *, full: bool) -> Vanishing:
    """Leave the temporary tables `vanished` and `retiring`, empty for a partial delivery.

    Needs the tables of `judge` and `match`.
    """
    parameters = {"source": source}
    if not full:
        connection.execute(
            text(
                'CREATE TEMPORARY TABLE vanished (source_ref text COLLATE "C",'
                ' code text COLLATE "C") ON COMMIT DROP'
            )
        )
        connection.execute(text(_RETIRING), parameters)
        return Vanishing()
    connection.execute(text(_VANISHED), parameters)
    connection.execute(text(_SPARED))
    connection.execute(text("CREATE INDEX ON vanished (source_ref)"))
    connection.execute(text("ANALYZE vanished"))
    connection.execute(text(_RETIRING), parameters)
    return Vanishing(
        _count(connection, "SELECT count(*) FROM vanished"),
        _count(connection, _LIVING, parameters),
        _count(connection, "SELECT count(*) FROM retiring"),
    )


def refuse_too_many(vanishing: Vanishing) -> None:
    """Raise TooManyVanishedError, which says how to go on, when nearly everything vanished."""
    if vanishing.warning == TOO_MANY:
        raise TooManyVanishedError(
            f"tệp thiếu {vanishing.vanished:,} trên {vanishing.living:,} mã hồ sơ của nguồn này"
            f" ({vanishing.share:.0%}), nên không nhập dòng nào. Nếu tệp chỉ có một phần, bỏ"
            " --delivery full; nếu đúng là đã hết, thêm --accept-vanished"
            f" (the file lacks most of the source's references) [{TOO_MANY}]",
            vanished=vanishing.vanished,
            living=vanishing.living,
        )


def find_returned(connection: Connection, source: str) -> None:
    """Leave the temporary table `returned`: rows whose reference had vanished.

    `revives` says whether its record comes back to life. Needs `known` and `door` of `match`.
    """
    parameters = {"source": source}
    any_vanished = connection.execute(text(_ANY_VANISHED), parameters).scalar_one()
    connection.execute(text(_RETURNED), parameters | {"any": any_vanished})
    if any_vanished:
        connection.execute(text(_REVIVED_ELSEWHERE))


def find_returned_elsewhere(connection: Connection, source: str, same_door: str) -> None:
    """Add to `registered` the rows whose door had vanished under another reference.

    `same_door` says in SQL whether a row `d` and a record `h` are one door, whatever its state.
    """
    parameters: dict[str, object] = {"source": source, "demo": False}
    if connection.execute(text(_ANY_VANISHED), parameters).scalar_one():
        connection.execute(text(_RETURNED_ELSEWHERE.format(same_door=same_door)), parameters)


def mark_revived(connection: Connection) -> None:
    """Tell rows that only revive their record from those that change nothing."""
    connection.execute(text(_REVIVED))


def keep_refs(connection: Connection, import_id: int, source: str) -> None:
    """Remember the known references as they are, before `bring_back` and `publish` change them."""
    connection.execute(
        text(_KEEP.format(refs=_CHANGED_REFS)), {"import_id": import_id, "source": source}
    )


def bring_back(connection: Connection, source: str) -> None:
    """Make returned references living, and their records active with the building around them."""
    connection.execute(text(_UNMARK), {"source": source})
    connection.execute(text(_REVIVE))
    connection.execute(text(_REVIVE_BUILDINGS))


def retire_vanished(connection: Connection, import_id: int, source: str) -> None:
    """Mark vanished references and retire their records, and buildings without a living flat."""
    parameters = {"import_id": import_id, "source": source}
    connection.execute(text(_KEEP.format(refs="SELECT source_ref FROM vanished")), parameters)
    connection.execute(text(_MARK), parameters)
    connection.execute(text(_RETIRE))
    connection.execute(text(_RETIRE_BUILDINGS))
    if connection.execute(text(_ANY_VANISHED), parameters).scalar_one():
        connection.execute(text(_TAKE_OVER), parameters)


def _count(connection: Connection, statement: str, parameters: dict[str, str] | None = None) -> int:
    counted: int = connection.execute(text(statement), parameters).scalar_one()
    return counted
