"""List past imports, for example to find the one to roll back."""

import datetime
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from registry.core.sql import Statements

SQL: Final = Statements(__file__)


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """An import that was published, and possibly rolled back."""

    import_id: int
    source: str
    file_name: str
    delivery: str
    state: str
    decision_number: str | None
    created_at: datetime.datetime
    published_at: datetime.datetime | None
    rolled_back_at: datetime.datetime | None
    counts: dict[str, Any]
    """As in the result of the import."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON, times in ISO 8601."""
        return {
            name: value.isoformat() if isinstance(value, datetime.datetime) else value
            for name, value in asdict(self).items()
        }


def list_imports(session: Session, source: str | None = None) -> list[ImportRecord]:
    """The imports of `source`, or of all sources, latest first, without those still running."""
    return [ImportRecord(*row) for row in session.execute(SQL.text("imports"), {"source": source})]
