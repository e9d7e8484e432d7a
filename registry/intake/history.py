"""Which imports there were: what a clerk looks up before taking one back."""

import datetime
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

_LIST = text(
    """
    SELECT i.id, i.source, i.file_name, i.delivery, i.state, i.decision_number, i.created_at,
        p.occurred_at, r.occurred_at, i.counts
    FROM import i
    LEFT JOIN event p ON p.id = i.published_event_id
    LEFT JOIN event r ON r.id = i.rolled_back_event_id
    WHERE i.state <> 'staged' AND (CAST(:source AS text) IS NULL OR i.source = :source)
    ORDER BY i.id DESC
    """
)


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """One import that was published, and perhaps rolled back."""

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
    """As in the import's result."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON, times in ISO 8601."""
        return {
            name: value.isoformat() if isinstance(value, datetime.datetime) else value
            for name, value in asdict(self).items()
        }


def list_imports(session: Session, source: str | None = None) -> list[ImportRecord]:
    """The imports of `source`, or of every source, the latest first; none that still runs."""
    return [ImportRecord(*row) for row in session.execute(_LIST, {"source": source})]
