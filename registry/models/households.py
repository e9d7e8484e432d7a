"""The register itself: households and buildings, how they are known, and their past."""

import datetime
from typing import Any, Final
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, Range
from sqlalchemy.orm import Mapped, mapped_column

from registry.messages import STATUSES
from registry.models.base import NOW, Base, on_earth, one_of

CODE = Text(collation="C")
POSITION_METHODS = (
    "survey",
    "gps",
    "imagery",
    "parcel",
    "geocoded",
    "interpolated",
    "centroid",
    "unknown",
)


_ENTRANCES_FIT: Final = """
    jsonb_path_match(entrances, '$.size() >= 1 && $.size() <= 8')
    AND entrances = jsonb_path_query_array(entrances, '$[*] ? (
        @.kind like_regex "^(main|vehicles|delivery|locker)$"
        && @.lon.type() == "number" && @.lon >= -180 && @.lon <= 180
        && @.lat.type() == "number" && @.lat >= -90 && @.lat <= 90
        && (!exists (@.accuracy_m) || @.accuracy_m.type() == "number" && @.accuracy_m >= 0)
        && (!exists (@.note) || @.note like_regex "^.{1,140}$")
        && (!exists (@.seen_on) || @.seen_on like_regex "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
        && (!exists (@.source) || @.source like_regex
            "^(survey|office|management|carrier|merchant|resident)$"))')
"""
"""Every one of them is one that fits: of a list in a list, or of none, the path makes another."""


class HouseholdColumns:
    """What is known of a household or building: the same columns for today and for the past.

    `event_id` and the times are stamped by the database; the application role may not write them
    (migrations/baseline/05_households.sql).
    """

    kind: Mapped[str] = mapped_column(comment="household | building (parent record of flats)")
    unit_id: Mapped[int | None] = mapped_column(
        Integer, comment="Commune of today; none only for a code never bound to a door"
    )
    former_unit_id: Mapped[int | None] = mapped_column(
        Integer, comment="Commune of an earlier map, when known"
    )
    thoroughfare_id: Mapped[int | None] = mapped_column(comment="Street")
    locality_id: Mapped[int | None] = mapped_column(comment="Innermost locality")
    house_number: Mapped[str | None] = mapped_column(comment="As written: Số 5A, ngách 34, ngõ 12")
    house_number_key: Mapped[str | None] = mapped_column(CODE, comment="Canonical path: 12/34/5A")
    building_name: Mapped[str | None] = mapped_column(comment="Toà nhà, chung cư, block")
    building_key: Mapped[str | None] = mapped_column(
        CODE, comment="Folded building, block and tower: what is matched"
    )
    floor: Mapped[str | None] = mapped_column(comment="Tầng")
    unit_number: Mapped[str | None] = mapped_column(comment="Căn hộ, phòng")
    parent_code: Mapped[str | None] = mapped_column(CODE, comment="Building that holds it")
    households_count: Mapped[int] = mapped_column(
        Integer,
        server_default=text("1"),
        comment="Hộ that share it until they get records of their own; 0 for a building, so "
        "that a sum counts hộ",
    )
    point: Mapped[WKBElement | None] = mapped_column(
        Geometry("POINT", srid=4326, spatial_index=False), comment="Entrance, lon/lat EPSG:4326"
    )
    position_method: Mapped[str | None] = mapped_column(
        comment="survey, gps, imagery, parcel, geocoded, interpolated, centroid, unknown"
    )
    position_accuracy_m: Mapped[float | None] = mapped_column(
        comment="Radius in metres within which the entrance lies"
    )
    status: Mapped[str] = mapped_column(comment="reserved | proposed | active | retired")
    restricted: Mapped[bool] = mapped_column(
        server_default=text("false"), comment="Never in tiles, exports, packs, reverse, suggestions"
    )
    verified_on: Mapped[datetime.date | None] = mapped_column(comment="Last seen to exist")
    delivery_hint: Mapped[str | None] = mapped_column(comment="Landmark: gần chợ …; never a person")
    entrances: Mapped[list[dict[str, Any]] | None] = mapped_column(
        JSONB(none_as_null=True),
        comment="Where one gets in beside the point, 1 to 8: kind, lon, lat, accuracy_m, note, "
        "seen_on, source; mostly none",
    )


class Household(HouseholdColumns, Base):
    """One dwelling place of one household, or the building that holds several."""

    __tablename__ = "household"
    __table_args__ = (
        # The check symbol is arithmetic (geo.code); here stands what a slip of SQL could break.
        CheckConstraint("code ~ '^[0-9FHKMPRTVX]{8}$'", name="code_well_formed"),
        one_of("kind", "household", "building"),
        one_of("status", *STATUSES),
        one_of("position_method", *POSITION_METHODS),
        CheckConstraint(
            "status IN ('reserved', 'retired') OR unit_id IS NOT NULL", name="unit_while_live"
        ),
        CheckConstraint(
            "(house_number IS NULL) = (house_number_key IS NULL)", name="number_has_key"
        ),
        CheckConstraint("(point IS NULL) = (position_method IS NULL)", name="point_has_method"),
        on_earth("point"),
        # NaN is greater than every number to PostgreSQL.
        CheckConstraint(
            "position_accuracy_m >= 0 AND position_accuracy_m < 'Infinity'",
            name="accuracy_in_metres",
        ),
        CheckConstraint(_ENTRANCES_FIT, name="entrances_well_formed"),
        CheckConstraint(
            "CASE kind WHEN 'building' THEN households_count = 0 ELSE households_count >= 1 END",
            name="households_counted_once",
        ),
        CheckConstraint("kind = 'household' OR parent_code IS NULL", name="building_has_no_parent"),
        CheckConstraint("parent_code <> code", name="not_its_own_parent"),
        # Door by street, door by place, KNN, coverage, flats, changes of an event.
        Index(
            "ix_household_thoroughfare",
            "thoroughfare_id",
            "house_number_key",
            postgresql_where="thoroughfare_id IS NOT NULL",
        ),
        Index(
            "ix_household_locality",
            "locality_id",
            "house_number_key",
            postgresql_where="locality_id IS NOT NULL",
        ),
        Index(
            "ix_household_point",
            "point",
            postgresql_using="gist",
            postgresql_where="status = 'active' AND NOT restricted",
        ),
        # The few that have entrances, by whichever of these lies nearest.
        Index(
            "ix_household_entrances",
            text("entrance_points(entrances, point)"),
            postgresql_using="gist",
            postgresql_where="entrances IS NOT NULL AND status = 'active' AND NOT restricted",
        ),
        Index("ix_household_unit", "unit_id", "status"),
        # The queue of those who approve.
        Index(
            "ix_household_proposed",
            "unit_id",
            "code",
            postgresql_where="status = 'proposed'",
        ),
        # All that coverage counts, so that it reads no row. Demo codes begin with 0.
        Index(
            "ix_household_coverage",
            "unit_id",
            postgresql_include=["households_count", "position_accuracy_m", "verified_on"],
            postgresql_where="status = 'active' AND kind = 'household' AND code >= '1'",
        ),
        # And what coverage finds by itself: doors without number, numbers of a hamlet.
        Index(
            "ix_household_unnumbered",
            "unit_id",
            postgresql_include=["position_accuracy_m", "locality_id"],
            postgresql_where="status = 'active' AND kind = 'household' AND code >= '1'"
            " AND house_number_key IS NULL AND unit_number IS NULL",
        ),
        Index(
            "ix_household_hamlet_number",
            "locality_id",
            "house_number_key",
            postgresql_where="thoroughfare_id IS NULL AND house_number_key IS NOT NULL",
        ),
        # Names of buildings, for suggestions, without reading the rows.
        Index(
            "ix_household_building",
            "building_key",
            postgresql_include=["building_name", "unit_id", "code"],
            postgresql_where="kind = 'building' AND status = 'active' AND NOT restricted",
        ),
        # Doors over several numbers, few of a street's.
        Index(
            "ix_household_range",
            "thoroughfare_id",
            postgresql_where="thoroughfare_id IS NOT NULL AND house_number_key LIKE '%-%'",
        ),
        Index("ix_household_parent", "parent_code", postgresql_where="parent_code IS NOT NULL"),
        # Changes of an event, page by page.
        Index("ix_household_event", "event_id", "code"),
        {
            "comment": "One record per dwelling place of a household, and per building that holds "
            "several. The dwelling is stored, never people."
        },
    )

    code: Mapped[str] = mapped_column(
        CODE, primary_key=True, comment="Permanent code, canonical, no hyphen; never reused"
    )
    event_id: Mapped[int] = mapped_column(
        server_default=text("current_event_id()"),
        comment="Event that wrote this state; stamped by the database",
    )
    recorded_at: Mapped[datetime.datetime] = mapped_column(
        server_default=NOW, comment="Since when this state is on record; stamped by the database"
    )


class HouseholdVersion(HouseholdColumns, Base):
    """A superseded state of a household; written by a trigger only."""

    __tablename__ = "household_version"
    __table_args__ = (
        CheckConstraint("valid_from < valid_to", name="range_not_empty"),
        Index("ix_household_version_event", "event_id"),
        Index("ix_household_version_ended_by", "ended_by_event_id", "code"),
        {"comment": "Every superseded state, written by a trigger; nobody may change it."},
    )

    code: Mapped[str] = mapped_column(CODE, primary_key=True, comment="Permanent code")
    valid_from: Mapped[datetime.datetime] = mapped_column(
        primary_key=True, comment="Since when the state was on record (inclusive)"
    )
    valid_to: Mapped[datetime.datetime] = mapped_column(
        comment="Until when it was on record (exclusive)"
    )
    event_id: Mapped[int] = mapped_column(comment="Event that wrote this state")
    ended_by_event_id: Mapped[int] = mapped_column(comment="Event that superseded it")


class HouseholdRef(Base):
    """How a source calls a household: many references to one door."""

    __tablename__ = "household_ref"
    __table_args__ = (
        Index(None, "code"),
        # An import that is discarded looks here for references of its own.
        Index(None, "import_id"),
        Index(None, "vanished_import_id", postgresql_where="vanished_import_id IS NOT NULL"),
        Index("ix_household_ref_shares", "source", "code", postgresql_where="shares"),
        {
            "comment": "A source's own reference to a record; the same door from a second "
            "source is linked, never given a second code."
        },
    )

    source: Mapped[str] = mapped_column(CODE, primary_key=True, comment="Source of an import")
    source_ref: Mapped[str] = mapped_column(CODE, primary_key=True, comment="Reference there")
    # No foreign keys: the database asks once for each statement (`check_ref_statement`).
    code: Mapped[str] = mapped_column(CODE, comment="The record it names")
    import_id: Mapped[int | None] = mapped_column(comment="Import that brought it")
    linked: Mapped[bool] = mapped_column(
        server_default=text("false"),
        comment="The record came from another reference; this one only names it",
    )
    shares: Mapped[bool] = mapped_column(
        server_default=text("false"),
        comment="Another hộ at the record's door, which counts it beside its own",
    )
    row_hash: Mapped[UUID | None] = mapped_column(
        comment="Hash of the row as delivered last: an equal row is not looked at again"
    )
    vanished_import_id: Mapped[int | None] = mapped_column(
        comment="Full delivery that no longer held it; none while the source delivers it",
    )


class HouseholdRefBefore(Base):
    """A reference as it was before an import changed it; gone with the import's rollback."""

    __tablename__ = "household_ref_before"
    __table_args__ = (
        {
            "comment": "References as they were before an import changed them, for its rollback.",
        },
    )

    import_id: Mapped[int] = mapped_column(
        ForeignKey("import.id", ondelete="CASCADE"),
        primary_key=True,
        comment="Import that changed it",
    )
    source_ref: Mapped[str] = mapped_column(
        CODE, primary_key=True, comment="Reference, of the import's source"
    )
    linked: Mapped[bool] = mapped_column(comment="As in household_ref")
    shares: Mapped[bool] = mapped_column(comment="As in household_ref")
    row_hash: Mapped[UUID | None] = mapped_column(comment="As in household_ref")
    vanished_import_id: Mapped[int | None] = mapped_column(comment="As in household_ref")


class ExternalId(Base):
    """An identifier of another scheme, beside the code and never in its place."""

    __tablename__ = "external_id"
    __table_args__ = (
        CheckConstraint("NOT isempty(valid)", name="valid_not_empty"),
        Index(None, "scheme", "value"),
        {
            "comment": "Plus Code, postcode, the State's place identifier, land parcel, carriers' "
            "numbers: beside the code, never the code."
        },
    )

    code: Mapped[str] = mapped_column(
        CODE, ForeignKey("household.code"), primary_key=True, comment="The record"
    )
    scheme: Mapped[str] = mapped_column(CODE, primary_key=True, comment="plus_code, postcode …")
    value: Mapped[str] = mapped_column(CODE, primary_key=True, comment="The identifier there")
    valid: Mapped[Range[datetime.date]] = mapped_column(
        DATERANGE, server_default=text("'(,)'::daterange"), comment="Days on which it holds"
    )


class SuccessionLink(Base):
    """Which codes continue a retired one."""

    __tablename__ = "succession_link"
    __table_args__ = (
        one_of("kind", "merge", "split", "replace"),
        CheckConstraint("old_code <> new_code", name="two_codes"),
        Index(None, "new_code"),
        {"comment": "Retired code to the codes that continue it."},
    )

    old_code: Mapped[str] = mapped_column(
        CODE,
        ForeignKey("household.code", ondelete="CASCADE"),
        primary_key=True,
        comment="The retired record",
    )
    new_code: Mapped[str] = mapped_column(
        CODE,
        ForeignKey("household.code", ondelete="CASCADE"),
        primary_key=True,
        comment="A record that continues it",
    )
    kind: Mapped[str] = mapped_column(comment="merge | split | replace")
    event_id: Mapped[int] = mapped_column(
        ForeignKey("event.id"),
        primary_key=True,
        autoincrement=False,
        server_default=text("current_event_id()"),
        comment="Event that linked them",
    )
    ended_by_event_id: Mapped[int | None] = mapped_column(
        ForeignKey("event.id"),
        comment="Event that reinstated the retired record, so that it needs no successor; none "
        "while it holds",
    )


class Plate(Base):
    """A plate with the code: reserved, issued, mounted, lost."""

    __tablename__ = "plate"
    __table_args__ = (
        CheckConstraint(
            "mounted_on IS NULL OR coalesce(mounted_on >= issued_on, false)",
            name="mounted_after_issue",
        ),
        CheckConstraint("lost_on >= coalesce(mounted_on, issued_on)", name="lost_last"),
        Index(None, "code"),
        # A record has one plate at a time.
        Index("uq_plate_code_kept", "code", unique=True, postgresql_where="lost_on IS NULL"),
        Index(
            "ix_plate_mounted",
            "code",
            postgresql_where="mounted_on IS NOT NULL AND lost_on IS NULL",
        ),
        {
            "comment": "Plates of a record: reserved with its code, issued, mounted at the door, "
            "lost."
        },
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="Identity, internal")
    code: Mapped[str] = mapped_column(
        CODE, ForeignKey("household.code", ondelete="CASCADE"), comment="Code on the plate"
    )
    issued_on: Mapped[datetime.date | None] = mapped_column(
        comment="Day it was printed and handed out; none while it is only reserved"
    )
    mounted_on: Mapped[datetime.date | None] = mapped_column(comment="Day it was fixed to the door")
    lost_on: Mapped[datetime.date | None] = mapped_column(
        comment="Day it was found to be lost, broken or taken down"
    )


class CodeKey(Base):
    """One row: the key of the permutation from ordinals to codes."""

    __tablename__ = "code_key"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("octet_length(key) = 32", name="key_length"),
        {
            "comment": "Key of the permutation of code ordinals: made with the database, "
            "never changed, never out of it."
        },
    )

    id: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, comment="Always 1"
    )
    key: Mapped[bytes] = mapped_column(LargeBinary, comment="32 secret bytes")
