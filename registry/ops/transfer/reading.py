"""Reads a transfer file into an empty register, in one transaction, checking every line."""

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import numpy as np
import psycopg
from psycopg import sql

from geo.code import PAYLOAD_FIRST
from geo.code_bulk import serials_from_codes
from geo.permutation import Permutation
from registry.core.database import OWNER_ROLE, make_engine, translated_errors
from registry.core.errors import ConflictError, UnreadableFileError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.ops.backup.tools import connected
from registry.ops.prepare import prepare_database
from registry.ops.rekey import rekey
from registry.ops.transfer.manifest import Codes, Manifest, read_manifest
from registry.ops.transfer.parts import PARTS, Part, script
from registry.ops.transfer.writing import LINES, Connection

SQL: Final = Statements(__file__)
_BLOCK: Final = 1 << 20
_FILLED: Final = (
    *("event", "household", "household_version", "place", "import", "reform"),
    *("field_report", "field_round"),
)
"""Tables that must be empty."""
_KNOWN: Final = {
    "unit": "INSERT INTO unit_ref SELECT unit, pg_temp.unit_of(unit)"
    " FROM (SELECT DISTINCT {member} AS unit FROM part WHERE {member} IS NOT NULL"
    " EXCEPT SELECT unit FROM unit_ref) n WHERE pg_temp.unit_of(unit) IS NOT NULL",
}
"""Kind of reference → statement that resolves those in a part."""
_EXISTS: Final = {
    "unit": "SELECT FROM unit_ref r WHERE r.unit = p.{member}",
    "event": "SELECT FROM event e WHERE e.id = p.{member}",
    "import": "SELECT FROM import i WHERE i.id = p.{member}",
    "code": "SELECT FROM known_code k WHERE k.code = p.{member}",
    "place": "SELECT FROM place_ref r WHERE r.place = p.{member}",
    "street": "SELECT FROM place_ref r WHERE r.place = p.{member} AND r.class = 'street'",
    "locality": "SELECT FROM place_ref r WHERE r.place = p.{member} AND r.class = 'locality'",
}
_REFUSALS: Final = (
    psycopg.IntegrityError,
    psycopg.DataError,
    psycopg.errors.ProgramLimitExceeded,
    psycopg.errors.StatementTooComplex,
)
"""Errors of the database for invalid rows."""
_LISTING: Final = {"records": "known_code", "places": "place_ref"}
"""Part → temporary table of its keys, which its own lines may refer to."""


def read_transfer(
    url: str,
    source: Path,
    *,
    progress: Callable[[int], None],
    report: Callable[[Message | str], None],
) -> Manifest:
    """Load `source` into the empty register of `url`, which is prepared if necessary.

    Everything happens in one transaction. `progress` receives the number of lines read. Raises
    UnreadableFileError for a file that is damaged, inconsistent or of a later version,
    ConflictError if the register is not empty or in use.
    """
    with _opened(source) as archive:
        manifest = read_manifest(archive, source)
        prepare_database(url, report)
        with (
            translated_errors(),
            connected(url, role=OWNER_ROLE) as connection,
            connection.transaction(),
        ):
            _Reading(connection, archive, manifest, source, progress).run()
    engine = make_engine(url, role=OWNER_ROLE, pool_size=1)
    try:
        rekey(engine, report)  # as after an upgrade
    finally:
        engine.dispose()
    return manifest


@contextmanager
def _opened(source: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(source) as archive:
            yield archive
    except (zipfile.BadZipFile, EOFError, zlib.error):
        raise UnreadableFileError(Message("transfer_file_damaged", source=source)) from None
    except OSError as error:
        raise UnreadableFileError(
            Message("of_file", file=source, reason=error.strerror or error)
        ) from error


class _Reading:
    def __init__(
        self,
        connection: Connection,
        archive: zipfile.ZipFile,
        manifest: Manifest,
        source: Path,
        progress: Callable[[int], None],
    ) -> None:
        self.connection = connection
        self.archive = archive
        self.manifest = manifest
        self.source = source
        self.progress = progress
        self.lines = 0

    def run(self) -> None:
        """Load everything in the caller's transaction."""
        if self.connection.execute("SELECT park_keys()").fetchone() != (True,):
            self._check_empty()
            raise ConflictError(Message("target_register_in_use"))
        self._check_empty()
        self.connection.execute(script("inward/begin"))
        for part in PARTS:
            with self._translated_errors(part):
                self._read(part)
        self._continue_codes(self.manifest.codes)
        self.connection.execute(script("inward/end"))

    def _check_empty(self) -> None:
        for table in _FILLED:
            query = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table))
            if self.connection.execute(query).fetchone() == (True,):
                raise ConflictError(Message("target_register_not_empty", table=table))

    def _read(self, part: Part) -> None:
        self._stage(part)
        listing = _LISTING.get(part.name)
        if part.name == "records":
            self._check_codes()
        elif listing:
            self.connection.execute("INSERT INTO place_ref SELECT place, class FROM part")
        if listing:
            self.connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(listing)))
        for member in part.members:
            self._check_reference(part, member.name, member.type)
        self.connection.execute(part.script("inward"))
        self.connection.execute("DROP TABLE part")

    def _stage(self, part: Part) -> None:
        """Load its lines into the table `part`. Raises UnreadableFileError for altered bytes."""
        stated = self.manifest.parts.get(part.name)
        digest, lines = hashlib.sha256(), 0
        self.connection.execute(
            "CREATE TEMPORARY TABLE line (line bigint GENERATED ALWAYS AS IDENTITY, body json)"
            " ON COMMIT DROP"
        )
        if stated is not None:
            with (
                self._member(part) as file,
                self.connection.cursor().copy(
                    sql.SQL("COPY line (body) FROM STDIN {}").format(sql.SQL(LINES))
                ) as copy,
            ):
                while block := file.read(_BLOCK):
                    digest.update(block)
                    lines += block.count(b"\n")
                    copy.write(block)
                    self.progress(self.lines + lines)
            if (lines, digest.hexdigest()) != (stated.lines, stated.sha256):
                raise UnreadableFileError(
                    Message("transfer_checksum_wrong", source=self.source, file_name=part.file_name)
                )
        self.lines += lines
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(each.name), sql.SQL(each.sql_type))
            for each in part.members
        )
        self.connection.execute(
            sql.SQL(
                "CREATE TEMPORARY TABLE part ON COMMIT DROP AS"
                " SELECT l.line, r.* FROM line l, json_to_record(l.body) AS r ({})"
            ).format(columns)
        )
        self.connection.execute("DROP TABLE line")
        self.connection.execute("ANALYZE part")

    def _member(self, part: Part) -> IO[bytes]:
        try:
            return self.archive.open(part.file_name)
        except (KeyError, RuntimeError):  # missing, encrypted, or of another compression
            raise UnreadableFileError(
                Message("transfer_member_missing", source=self.source, file_name=part.file_name)
            ) from None

    def _check_codes(self) -> None:
        """Raise UnreadableFileError for codes that the file's key did not issue, or with
        overlapping states.
        """
        with self.connection.cursor().copy(
            'COPY (SELECT DISTINCT code COLLATE "C" FROM part WHERE code IS NOT NULL) TO STDOUT'
        ) as copy:
            codes = np.array([bytes(row).rstrip(b"\n") for row in copy], dtype="S")
        if codes.dtype.itemsize > 8:
            self._refuse_codes(codes[np.char.str_len(codes) > 8])
        serials, valid = serials_from_codes(codes)
        self._refuse_codes(codes[~valid])
        made = self.manifest.codes
        real = serials >= PAYLOAD_FIRST
        ordinals = Permutation(bytes.fromhex(made.key)).ordinals(serials[real])
        self._refuse_codes(codes[real][ordinals >= made.drawn])
        self._refuse_codes(codes[~real][serials[~real] >= made.demo_drawn])
        overlap = self.connection.execute(SQL.driver("overlapping_states"), {}).fetchone()
        if overlap:
            raise UnreadableFileError(
                Message("code_has_two_states", source=self.source, code=overlap[0])
            )
        self.connection.execute('INSERT INTO known_code SELECT DISTINCT code COLLATE "C" FROM part')

    def _refuse_codes(self, codes: np.ndarray[tuple[int], np.dtype[np.bytes_]]) -> None:
        if codes.size:
            raise UnreadableFileError(
                Message(
                    "transfer_foreign_code",
                    source=self.source,
                    code=codes[0].decode(errors="replace"),
                )
            )

    def _check_reference(self, part: Part, member: str, kind: str) -> None:
        """Raise UnreadableFileError for a reference to nothing."""
        if kind not in _EXISTS:
            return
        name = sql.Identifier(member)
        if kind in _KNOWN:
            self.connection.execute(sql.SQL(_KNOWN[kind]).format(member=name))
        query = sql.SQL(
            "SELECT {member}::text FROM part p WHERE {member} IS NOT NULL AND NOT EXISTS ({known})"
            " LIMIT 1"
        ).format(member=name, known=sql.SQL(_EXISTS[kind]).format(member=name))
        found = self.connection.execute(query).fetchone()
        if found:
            raise UnreadableFileError(
                Message(
                    "transfer_reference_unknown",
                    source=self.source,
                    file_name=part.file_name,
                    member=member,
                    value=found[0],
                )
            )

    @contextmanager
    def _translated_errors(self, part: Part) -> Iterator[None]:
        """Raise violated constraints of the register as faults of the file."""
        try:
            yield
        except _REFUSALS as error:
            rule = " ".join(filter(None, (error.diag.message_primary, error.diag.message_detail)))
            raise UnreadableFileError(
                Message("transfer_breaks_rule", source=self.source, file=part.file_name, rule=rule)
            ) from error

    def _continue_codes(self, codes: Codes) -> None:
        """Issue codes by the file's key from here on, after all that it may have issued."""
        self.connection.execute("UPDATE code_key SET key = %s", [bytes.fromhex(codes.key)])
        # Sequences are not transactional: they are advanced only at the end of the transfer.
        self.connection.execute("SELECT setval('code_ordinal', greatest(%s - 1, 0))", [codes.drawn])
        self.connection.execute("SELECT move_codes_on()")
        self.connection.execute(
            "SELECT setval('demo_ordinal', greatest(%s - 1, 0))", [codes.demo_drawn]
        )
        self.connection.execute(SQL.driver("note_transfer"), {})
        self.connection.execute(
            "UPDATE gazetteer_state SET key_rules = %s", [self.manifest.key_rules]
        )
