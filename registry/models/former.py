"""The past of streets and localities, and the former names and numbers that still lead to doors."""

import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import NOW, Base

KEY = Text(collation="C")


class PlaceVersionColumns:
    """A superseded state of a street or locality; written by a trigger only."""

    valid_to: Mapped[datetime.datetime] = mapped_column(
        primary_key=True, comment="Until when the state was on record (exclusive)"
    )
    ended_by_event_id: Mapped[int | None] = mapped_column(
        comment="Event that superseded it; none where the writer opened none"
    )
    unit_id: Mapped[int] = mapped_column(Integer, comment="Commune of that time")
    former_unit_id: Mapped[int | None] = mapped_column(
        Integer, comment="Commune of an earlier map, when known"
    )
    key: Mapped[str] = mapped_column(KEY, comment="Folded name")
    name: Mapped[str] = mapped_column(comment="Name as written")
    merged_into_id: Mapped[int | None] = mapped_column(comment="The one that it had become part of")


class ThoroughfareVersion(PlaceVersionColumns, Base):
    """A street as it was."""

    __tablename__ = "thoroughfare_version"
    __table_args__ = (
        Index(None, "ended_by_event_id"),
        {
            "comment": "Every superseded state of a thoroughfare, written by a trigger; nobody "
            "may change it."
        },
    )

    id: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, comment="The thoroughfare"
    )
    kind: Mapped[str] = mapped_column(comment="As in thoroughfare")


class LocalityVersion(PlaceVersionColumns, Base):
    """A locality as it was."""

    __tablename__ = "locality_version"
    __table_args__ = (
        Index(None, "ended_by_event_id"),
        {
            "comment": "Every superseded state of a locality, written by a trigger; nobody "
            "may change it."
        },
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="The locality")
    kind: Mapped[str] = mapped_column(comment="As in locality")
    parent_id: Mapped[int | None] = mapped_column(comment="Locality that held it")


class AliasColumns:
    """A former name; written by a trigger only."""

    key: Mapped[str] = mapped_column(
        KEY, primary_key=True, comment="Folded former name: what is matched"
    )
    name: Mapped[str] = mapped_column(comment="Former name as written")
    kind: Mapped[str] = mapped_column(comment="Former kind")
    unit_id: Mapped[int] = mapped_column(Integer, comment="Commune of today, of what it leads to")
    until: Mapped[datetime.datetime] = mapped_column(
        server_default=NOW, comment="Until when the name was on record"
    )
    event_id: Mapped[int | None] = mapped_column(
        server_default=text("current_event_id()"), comment="Event that ended it"
    )


class ThoroughfareAlias(AliasColumns, Base):
    """A former name of a street."""

    __tablename__ = "thoroughfare_alias"
    __table_args__ = (
        ForeignKeyConstraint(
            ["thoroughfare_id", "unit_id"],
            ["thoroughfare.id", "thoroughfare.unit_id"],
            name="fk_thoroughfare_alias_leads_to",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        Index("ix_thoroughfare_alias_key_unit_id", "key", "unit_id"),
        Index(None, "thoroughfare_id"),
        {"comment": "Former names, by which a thoroughfare is still found; written by a trigger."},
    )

    named_id: Mapped[int] = mapped_column(
        ForeignKey("thoroughfare.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        comment="The one that bore the name: numbers of that time count there",
    )
    thoroughfare_id: Mapped[int] = mapped_column(
        comment="Where it leads today: the same, or what it was merged into"
    )


class LocalityAlias(AliasColumns, Base):
    """A former name of a locality."""

    __tablename__ = "locality_alias"
    __table_args__ = (
        ForeignKeyConstraint(
            ["locality_id", "unit_id"],
            ["locality.id", "locality.unit_id"],
            name="fk_locality_alias_leads_to",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        Index("ix_locality_alias_key_unit_id", "key", "unit_id"),
        Index(None, "locality_id"),
        {"comment": "Former names, by which a locality is still found; written by a trigger."},
    )

    named_id: Mapped[int] = mapped_column(
        ForeignKey("locality.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        comment="The one that bore the name: numbers of that time count there",
    )
    locality_id: Mapped[int] = mapped_column(
        comment="Where it leads today: the same, or what it was merged into"
    )


class HouseholdFormerNumber(Base):
    """A number that stood on a door until a decision changed it."""

    __tablename__ = "household_former_number"
    __table_args__ = (
        Index(
            "ix_household_former_number_thoroughfare",
            "thoroughfare_id",
            "house_number_key",
            postgresql_where="thoroughfare_id IS NOT NULL",
        ),
        Index(
            "ix_household_former_number_locality",
            "locality_id",
            "house_number_key",
            postgresql_where="locality_id IS NOT NULL",
        ),
        {
            "comment": "Numbers that stood on a door until a decision changed them or their "
            "street; corrected mistakes are none."
        },
    )

    # No foreign key: a trigger of household sees to it (0005_keep_former_names.py).
    code: Mapped[str] = mapped_column(
        KEY, primary_key=True, comment="The record that bore the number"
    )
    event_id: Mapped[int] = mapped_column(
        primary_key=True,
        autoincrement=False,
        server_default=text("current_event_id()"),
        comment="Event that ended it",
    )
    thoroughfare_id: Mapped[int | None] = mapped_column(
        comment="Street along which it counted, also where that was merged since"
    )
    locality_id: Mapped[int | None] = mapped_column(
        comment="Innermost locality at that time, also where that was merged since"
    )
    house_number: Mapped[str] = mapped_column(comment="As it was written")
    house_number_key: Mapped[str] = mapped_column(KEY, comment="Canonical path: 12/34/5A")
    until: Mapped[datetime.datetime] = mapped_column(
        server_default=NOW, comment="Until when it was on record"
    )
