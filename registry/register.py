"""The opened register: what a long-running program holds."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Self, TypeVar

from sqlalchemy import Engine, QueuePool

from registry.access.audit import Clients
from registry.access.budget import Budget
from registry.access.key_check import KeyCheck
from registry.basemap import Basemap, open_basemap
from registry.core.database import make_engine, tried_again
from registry.core.reads import PoolFigures, Reads
from registry.core.replica import EitherReads, Replica
from registry.core.settings import Settings
from registry.readiness import Readiness
from registry.search.autocomplete.place_names import PlaceNames
from registry.units.gazetteer_cache import GazetteerCache

T = TypeVar("T")

_LOOKS: Final = 2
"""Connections beside those of threads that answer: of `registry.readiness`, for milliseconds."""


@dataclass(frozen=True)
class Register:
    """Connections for writing and for reading, and the gazetteer. Opening connects to nothing."""

    engine: Engine
    replica: Replica | None
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
    readiness: Readiness
    """Whether requests can be served."""

    @classmethod
    def open(cls, settings: Settings, database_url: str) -> Self:
        """The register in `database_url`, read from the replica of the settings if there is one."""

        def engine(url: str) -> Engine:
            return make_engine(
                url,
                pool_size=settings.pool_size + _LOOKS,
                statement_timeout_ms=settings.statement_timeout_ms,
                may_be_pooled=True,
            )

        primary = engine(database_url)

        def statements(url: str) -> Reads:
            return Reads(
                url,
                pool_size=settings.pool_size,
                statement_timeout_ms=settings.statement_timeout_ms,
            )

        read_url, replica, reads = settings.database_read_url, None, statements(database_url)
        keys: Reads | Replica = reads
        if read_url is not None:
            keys = replica = Replica(
                statements(read_url), engine(read_url), primary, settings.replica_age_s
            )
            reads = EitherReads(reads, replica)
        known = GazetteerCache(primary, replica, reads)
        return cls(
            primary,
            replica,
            known,
            reads,
            PlaceNames(reads),
            settings,
            KeyCheck(keys, primary, known, settings.key_age_s if replica else None),
            Budget(primary),
            Clients(reads),
            open_basemap(settings.basemap, settings.basemap_attribution),
            Readiness(primary, replica),
        )

    @property
    def read_engine(self) -> Engine:
        """Connections to where this thread asks its questions."""
        return self.replica.engine if self.replica else self.engine

    def pools(self) -> dict[str, PoolFigures]:
        """How the connections of this process do: for statements, for transactions."""
        pool = self.engine.pool
        assert isinstance(pool, QueuePool)  # noqa: S101 - as `make_engine` makes it
        transactions = PoolFigures(pool.checkedin() + pool.checkedout(), pool.checkedout())
        return {"reads": self.reads.pool(), "transactions": transactions}

    def asked(self, read: Callable[[], T]) -> T:
        """What `read` returns; it must only read, for it is done once more where the connection was
        lost, where only the other of primary and replica answers, or where a reform came meanwhile.
        """
        once_more = partial(tried_again, partial(self.gazetteer.of_one_map, read))
        return self.replica.asked(once_more) if self.replica else once_more()

    def close(self) -> None:
        """Close every connection, once what threads read beside the requests is read: a pool that
        is gone takes no connection back.
        """
        for reader in (self.gazetteer, self.place_names, self.readiness):
            reader.close()
        self.reads.close()
        self.engine.dispose()
