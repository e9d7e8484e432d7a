"""What was saved of the register, and seen to come back."""

import datetime

from sqlalchemy import Identity
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import NOW, Base, one_of


class BackupRun(Base):
    """A backup that was taken, or a rehearsal of its return."""

    __tablename__ = "backup_run"
    __table_args__ = (
        one_of("kind", "file", "full", "diff", "rehearsal"),
        {
            "comment": "Backups that were taken, and rehearsals of their return that went well: "
            "what the doctor and monitors tell. The backups say themselves what they hold."
        },
    )

    id: Mapped[int] = mapped_column(
        Identity(always=True), primary_key=True, comment="Identity, internal"
    )
    kind: Mapped[str] = mapped_column(
        comment="file: by `backup`; full | diff: by `backups make`; rehearsal: one came back and "
        "was examined"
    )
    done_at: Mapped[datetime.datetime] = mapped_column(
        server_default=NOW, comment="When it had ended"
    )
    label: Mapped[str] = mapped_column(
        comment="The name of the file, or what pgBackRest calls the backup"
    )
