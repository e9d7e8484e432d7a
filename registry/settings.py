"""Settings: the only place where the environment is read."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: the folder that holds `registry/`."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decides. Every field has a line in docs/operations.md."""

    database_url: str | None = None
    """`DATABASE_URL`: the operator's own PostgreSQL; None means the private cluster."""
    database_read_url: str | None = None
    """`DATABASE_READ_URL`: a streaming replica for reads; None means the same database."""
    var: Path = ROOT / "var"
    """`DIACHISO_VAR`: the private cluster, its log and the lock of `bin/run`."""
    pool_size: int = 3
    """`DIACHISO_POOL_SIZE`: database connections, and threads, of each server process."""
    statement_timeout_ms: int = 10_000
    """`DIACHISO_STATEMENT_TIMEOUT_MS`: the longest a web request may keep the database busy."""
    batch_rows: int = 10_000
    """`DIACHISO_BATCH_ROWS`: the most rows of one batch over HTTP."""
    batch_bytes: int = 10_000_000
    """`DIACHISO_BATCH_BYTES`: the most bytes of one batch over HTTP."""
    cors_origins: tuple[str, ...] = ("*",)
    """`DIACHISO_CORS_ORIGINS`: sites whose pages may read what needs no key; `none` for none."""


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings as the environment gives them; a variable set to nothing counts as absent.

    Raises ValueError, naming the variable, for a value that is no whole number.
    """

    def text(name: str) -> str | None:
        return environ.get(name, "").strip() or None

    def number(name: str, default: int) -> int:
        value = text(name)
        if value is None:
            return default
        if not value.isascii() or not value.isdigit() or int(value) < 1:
            raise ValueError(f"{name} must be a whole number of 1 or more, not {value!r}")
        return int(value)

    var = text("DIACHISO_VAR")
    return Settings(
        database_url=text("DATABASE_URL"),
        database_read_url=text("DATABASE_READ_URL"),
        var=Path(var).resolve() if var else Settings().var,
        pool_size=number("DIACHISO_POOL_SIZE", Settings().pool_size),
        statement_timeout_ms=number(
            "DIACHISO_STATEMENT_TIMEOUT_MS", Settings().statement_timeout_ms
        ),
        batch_rows=number("DIACHISO_BATCH_ROWS", Settings().batch_rows),
        batch_bytes=number("DIACHISO_BATCH_BYTES", Settings().batch_bytes),
        cors_origins=tuple((text("DIACHISO_CORS_ORIGINS") or "*").split()),
    )
