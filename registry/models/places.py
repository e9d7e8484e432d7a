"""Named places inside a commune: streets and localities. All fuzzy matching happens on these."""

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import Base
from registry.own_keys import APART

_OWN_KEY: Final = f"key || coalesce('{APART}' || marks, '')"
_MARKS: Final = (
    "Accents of its name, where another one of its commune had the key before; else none"
)
_OWN: Final = "Key that no other one of its commune has: with the marks, where they tell it apart"


# A place that goes is looked for here, once for each.
def _by_merged() -> Index:
    return Index(None, "merged_into_id", postgresql_where="merged_into_id IS NOT NULL")


# What a text is folded to holds no such sign: a merged place is found by its alias only.
def _merged() -> CheckConstraint:
    return CheckConstraint(
        "(merged_into_id IS NOT NULL) = (key LIKE '#%')", name="merged_has_no_key"
    )


class Thoroughfare(Base):
    """A street inside one commune and former commune (đường, phố, quốc lộ, named ngõ / hẻm)."""

    __tablename__ = "thoroughfare"
    __table_args__ = (
        UniqueConstraint(
            "unit_id", "former_unit_id", "own_key", postgresql_nulls_not_distinct=True
        ),
        UniqueConstraint("id", "unit_id"),
        _merged(),
        _by_merged(),
        # One name in a few communes, without reading the rows of the others.
        Index(None, "key", "unit_id"),
        Index(
            "ix_thoroughfare_key_trgm",
            "key",
            postgresql_using="gin",
            postgresql_ops={"key": "gin_trgm_ops"},
        ),
        {
            "comment": "A street inside one commune and former commune. 95 % of communes joined "
            "several old ones, and equal street names with equal numbers now meet inside one."
        },
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="Identity, internal")
    unit_id: Mapped[int] = mapped_column(ForeignKey("admin_unit.id"), comment="Commune of today")
    former_unit_id: Mapped[int | None] = mapped_column(
        ForeignKey("admin_unit.id"), comment="Commune of an earlier map, when known"
    )
    key: Mapped[str] = mapped_column(Text(collation="C"), comment="Folded name: what is matched")
    name: Mapped[str] = mapped_column(comment="Name as written: Nguyễn Trãi")
    kind: Mapped[str] = mapped_column(comment="đường, phố, đại lộ, quốc lộ, ngõ, hẻm …")
    merged_into_id: Mapped[int | None] = mapped_column(
        ForeignKey("thoroughfare.id"),
        comment="The one of its commune that it became part of; it keeps its name, no text leads "
        "to its key",
    )
    marks: Mapped[str | None] = mapped_column(Text(collation="C"), comment=_MARKS)
    own_key: Mapped[str] = mapped_column(
        Text(collation="C"), Computed(_OWN_KEY, persisted=True), comment=_OWN
    )
    event_id: Mapped[int | None] = mapped_column(
        server_default=text("current_event_id()"),
        comment="Event that made it; none where the writer opened none",
    )


class Locality(Base):
    """A named place below the commune that is no street (thôn, ấp, tổ dân phố, khu đô thị …)."""

    __tablename__ = "locality"
    __table_args__ = (
        UniqueConstraint(
            "unit_id", "former_unit_id", "parent_id", "own_key", postgresql_nulls_not_distinct=True
        ),
        UniqueConstraint("id", "unit_id"),
        _merged(),
        _by_merged(),
        # Deferred: a reform moves a place and its parent in two statements of one transaction.
        ForeignKeyConstraint(
            ["parent_id", "unit_id"],
            ["locality.id", "locality.unit_id"],
            name="fk_locality_parent_in_same_unit",
            deferrable=True,
            initially="DEFERRED",
        ),
        Index(None, "parent_id", postgresql_where="parent_id IS NOT NULL"),
        Index(None, "key", "unit_id"),
        Index(
            "ix_locality_key_trgm",
            "key",
            postgresql_using="gin",
            postgresql_ops={"key": "gin_trgm_ops"},
        ),
        {"comment": "A named place below the commune that is no street; localities nest."},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="Identity, internal")
    unit_id: Mapped[int] = mapped_column(ForeignKey("admin_unit.id"), comment="Commune of today")
    former_unit_id: Mapped[int | None] = mapped_column(
        ForeignKey("admin_unit.id"), comment="Commune of an earlier map, when known"
    )
    parent_id: Mapped[int | None] = mapped_column(
        comment="Locality that holds it (tổ in khu phố); in the same commune"
    )
    key: Mapped[str] = mapped_column(Text(collation="C"), comment="Folded name: what is matched")
    name: Mapped[str] = mapped_column(comment="Name as written: Thôn Đông")
    kind: Mapped[str] = mapped_column(comment="thôn, ấp, bản, buôn, xóm, tổ dân phố, khu phố …")
    merged_into_id: Mapped[int | None] = mapped_column(
        ForeignKey("locality.id"),
        comment="The one of its commune that it became part of; it keeps its name, no text leads "
        "to its key",
    )
    marks: Mapped[str | None] = mapped_column(Text(collation="C"), comment=_MARKS)
    own_key: Mapped[str] = mapped_column(
        Text(collation="C"), Computed(_OWN_KEY, persisted=True), comment=_OWN
    )
    event_id: Mapped[int | None] = mapped_column(
        server_default=text("current_event_id()"),
        comment="Event that made it; none where the writer opened none",
    )
