"""The opened register: what a long-running program holds."""

from dataclasses import dataclass
from typing import Literal, Self

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from registry.access.audit import Clients
from registry.access.budget import Budget
from registry.access.key_check import KeyCheck
from registry.autocomplete.place_names import PlaceNames
from registry.basemap import Basemap, open_basemap
from registry.database import ReadOnlyError, make_engine, session_scope
from registry.errors import DatabaseUnavailableError, NotPreparedError
from registry.gazetteer_cache import GazetteerCache
from registry.jobs.queue import worker_state
from registry.reads import Reads
from registry.revision import current_revision, head_revision
from registry.settings import Settings


@dataclass(frozen=True)
class Register:
    """Connections for writing and for reading, and the gazetteer. Opening connects to nothing."""

    engine: Engine
    read_engine: Engine
    gazetteer: GazetteerCache
    """Units of every map, as new as one second."""
    reads: Reads
    """Single statements, as fast as the driver."""
    place_names: PlaceNames
    """Names of streets and localities, for suggestions."""
    settings: Settings
    keys: KeyCheck
    """Whose key a request carries."""
    budget: Budget
    """What looking for codes has cost each caller."""
    clients: Clients
    """Names for callers without a key."""
    basemap: Basemap | None
    """What lies below the dots of maps."""

    @classmethod
    def open(cls, settings: Settings, database_url: str) -> Self:
        """The register in `database_url`, read from the replica of the settings if there is one."""

        def engine(url: str) -> Engine:
            return make_engine(
                url,
                pool_size=settings.pool_size,
                statement_timeout_ms=settings.statement_timeout_ms,
            )

        primary = engine(database_url)
        replica = settings.database_read_url
        reading = engine(replica) if replica else primary
        reads = Reads(
            replica or database_url,
            pool_size=settings.pool_size,
            statement_timeout_ms=settings.statement_timeout_ms,
        )
        known = GazetteerCache(reading)
        return cls(
            primary,
            reading,
            known,
            reads,
            PlaceNames(reads),
            settings,
            KeyCheck(reads, primary, known.get, settings.key_age_s if replica else None),
            Budget(primary),
            Clients(reads),
            open_basemap(settings.basemap, settings.basemap_attribution),
        )

    def check_ready(self, *, writing: bool = False) -> bool:
        """Return, as soon as questions are answered, whether writes are taken as well.

        Raises DatabaseUnavailableError, or NotPreparedError when the schema is of another version
        or no seeds were loaded: where questions cannot be answered or, with `writing`, writes not
        taken.
        """
        with session_scope(self.read_engine) as session:
            _check_prepared(session)
        try:
            with session_scope(self.engine) as session:
                _check_prepared(session)
                _check_writable(session)
        except (DatabaseUnavailableError, NotPreparedError):
            if writing:
                raise
            return False
        return True

    def jobs_state(self) -> Literal["ok", "failing"]:
        """Whether background jobs are done; raises nothing."""
        try:
            with session_scope(self.engine) as session:
                return worker_state(session)
        except DatabaseUnavailableError:
            return "failing"

    def close(self) -> None:
        """Close every connection."""
        self.reads.close()
        self.engine.dispose()
        self.read_engine.dispose()


def _check_prepared(session: Session) -> None:
    current, head = current_revision(session.connection()), head_revision()
    if current != head:
        raise NotPreparedError(
            f"the schema is at {current or 'nothing'}, this program needs {head};"
            " run `bin/diachiso database prepare`"
        )
    if session.scalar(text("SELECT seed_sha256 FROM gazetteer_state")) is None:
        raise NotPreparedError("no units are loaded; run `bin/diachiso database prepare`")


def _check_writable(session: Session) -> None:
    if session.scalar(text("SELECT CAST(current_setting('transaction_read_only') AS bool)")):
        raise ReadOnlyError("cơ sở dữ liệu lúc này chỉ cho đọc (the database takes no writes now)")
