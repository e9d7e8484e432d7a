"""The opened register: what a long-running program holds."""

from dataclasses import dataclass
from typing import Literal, Self

from sqlalchemy import Engine, text

from registry.access.audit import Clients
from registry.access.budget import Budget
from registry.access.key_check import KeyCheck
from registry.autocomplete.place_names import PlaceNames
from registry.database import make_engine, session_scope
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
        # A replica lags behind, and a revoked key must be refused in time.
        sure = (
            Reads(database_url, pool_size=1, statement_timeout_ms=settings.statement_timeout_ms)
            if replica
            else reads
        )
        return cls(
            primary,
            reading,
            known,
            reads,
            PlaceNames(reads),
            settings,
            KeyCheck(sure, primary, known.get),
            Budget(primary),
            Clients(reads),
        )

    def check_ready(self) -> None:
        """Return when requests can be served.

        Raises DatabaseUnavailableError, or NotPreparedError when the schema is of another version
        or no seeds were loaded.
        """
        with session_scope(self.read_engine) as session:
            current, head = current_revision(session.connection()), head_revision()
            if current != head:
                raise NotPreparedError(
                    f"the schema is at {current or 'nothing'}, this program needs {head};"
                    " run `bin/diachiso database prepare`"
                )
            loaded = session.scalar(text("SELECT seed_sha256 FROM gazetteer_state"))
            if loaded is None:
                raise NotPreparedError("no units are loaded; run `bin/diachiso database prepare`")

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
        self.keys.close()
        self.engine.dispose()
        self.read_engine.dispose()
