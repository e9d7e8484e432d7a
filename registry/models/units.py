"""Administrative units of every map: identity, versions, aliases, succession, boundaries."""

import datetime
from decimal import Decimal

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from geo.admin import LEVELS
from registry.models.base import Base, one_of

UNIT_KINDS = (
    "tinh",
    "thanh_pho",
    "quan",
    "huyen",
    "thi_xa",
    "xa",
    "phuong",
    "thi_tran",
    "dac_khu",
)
DATE_BASES = ("effective", "signed", "approximate")


class AdminUnit(Base):
    """A unit's identity: it ends only by merger, split or abolition, never by a new name."""

    __tablename__ = "admin_unit"
    __table_args__ = (
        one_of("level", *LEVELS),
        CheckConstraint("NOT isempty(lifetime)", name="lifetime_not_empty"),
        ExcludeConstraint(
            ("level", "="),
            ("code", "="),
            ("lifetime", "&&"),
            name="ex_admin_unit_one_per_code_and_day",
        ),
        {
            "comment": "Identity of an administrative unit (province, former district, commune). "
            "Codes are reused with another extent: 00004 was Trúc Bạch, is Ba Đình."
        },
    )

    id: Mapped[int] = mapped_column(
        Integer, Identity(), primary_key=True, comment="Identity, internal"
    )
    level: Mapped[str] = mapped_column(comment="province | district | commune")
    code: Mapped[str] = mapped_column(comment="Official code of the General Statistics Office list")
    lifetime: Mapped[Range[datetime.date]] = mapped_column(
        DATERANGE, comment="Days on which the unit exists; open start = before the record"
    )
    seat: Mapped[WKBElement | None] = mapped_column(
        Geometry("POINT", srid=4326, spatial_index=False), comment="Seat, lon/lat EPSG:4326"
    )
    area_km2: Mapped[Decimal | None] = mapped_column(Numeric, comment="Area as published, km²")
    source: Mapped[str] = mapped_column(comment="Where the row comes from")


class AdminUnitVersion(Base):
    """What may change while a unit lives: name, kind, and what it belongs to."""

    __tablename__ = "admin_unit_version"
    __table_args__ = (
        one_of("kind", *UNIT_KINDS),
        one_of("date_basis", *DATE_BASES),
        CheckConstraint("NOT isempty(valid)", name="valid_not_empty"),
        ExcludeConstraint(
            ("unit_id", "="), ("valid", "&&"), name="ex_admin_unit_version_one_per_day"
        ),
        {"comment": "Name, kind and parents of a unit over a range of days."},
    )

    id: Mapped[int] = mapped_column(
        Integer, Identity(), primary_key=True, comment="Identity, internal"
    )
    unit_id: Mapped[int] = mapped_column(ForeignKey("admin_unit.id"), comment="The unit")
    name: Mapped[str] = mapped_column(comment="Name without its kind: Ba Đình")
    name_en: Mapped[str] = mapped_column(comment="Name for readers of English: Ba Dinh")
    kind: Mapped[str] = mapped_column(
        comment="tinh, thanh_pho, quan, huyen, thi_xa, xa, phuong, thi_tran, dac_khu"
    )
    province_id: Mapped[int | None] = mapped_column(
        ForeignKey("admin_unit.id"), comment="Province it belongs to; none for a province"
    )
    district_id: Mapped[int | None] = mapped_column(
        ForeignKey("admin_unit.id"), comment="District it belonged to, until 30 June 2025"
    )
    valid: Mapped[Range[datetime.date]] = mapped_column(
        DATERANGE, comment="Days on which this was so; open start = before the record"
    )
    legal_basis: Mapped[str | None] = mapped_column(comment="Resolution or law")
    date_basis: Mapped[str] = mapped_column(
        comment="What the first day of valid is: effective, signed, or approximate"
    )
    source: Mapped[str] = mapped_column(comment="Where the row comes from")


class AdminUnitAlias(Base):
    """Another name or code by which a unit is known."""

    __tablename__ = "admin_unit_alias"
    __table_args__ = (
        one_of("kind", "name", "code", "abbreviation", "english", "former"),
        {"comment": "Other names, abbreviations and codes of a unit, as people write them."},
    )

    unit_id: Mapped[int] = mapped_column(
        ForeignKey("admin_unit.id"), primary_key=True, comment="The unit"
    )
    kind: Mapped[str] = mapped_column(
        primary_key=True, comment="name | code | abbreviation | english | former"
    )
    alias: Mapped[str] = mapped_column(primary_key=True, comment="The other name or code")


class AdminUnitSuccession(Base):
    """Which unit continues which: full when all of the predecessor went there."""

    __tablename__ = "admin_unit_succession"
    __table_args__ = (
        one_of("extent", "full", "partial"),
        CheckConstraint("predecessor_id <> successor_id", name="two_units"),
        Index(None, "successor_id"),
        {"comment": "Predecessor to successor; a split unit has several partial rows."},
    )

    predecessor_id: Mapped[int] = mapped_column(
        ForeignKey("admin_unit.id"), primary_key=True, comment="The unit that ended or gave land"
    )
    successor_id: Mapped[int] = mapped_column(
        ForeignKey("admin_unit.id"), primary_key=True, comment="The unit that continues it"
    )
    extent: Mapped[str] = mapped_column(comment="full: all of it went there | partial: a part")
    effective_on: Mapped[datetime.date] = mapped_column(comment="First day of the new state")
    source: Mapped[str] = mapped_column(comment="Where the row comes from")


class Boundary(Base):
    """The polygon of a unit: a real one, or a cell drawn around its seat."""

    __tablename__ = "boundary"
    __table_args__ = (
        CheckConstraint("ST_IsValid(geom)", name="geom_valid"),
        # The last resort of reverse; real ones are looked for by their parts.
        Index(
            "ix_boundary_cell",
            "geom",
            postgresql_using="gist",
            postgresql_where="approximate",
        ),
        {"comment": "One polygon per unit. A statistical drawing, never a legal boundary."},
    )

    unit_id: Mapped[int] = mapped_column(
        ForeignKey("admin_unit.id"), primary_key=True, comment="The unit"
    )
    geom: Mapped[WKBElement] = mapped_column(
        Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), comment="EPSG:4326, valid"
    )
    source: Mapped[str] = mapped_column(comment="File or method")
    approximate: Mapped[bool] = mapped_column(
        comment="True for a Voronoi cell around the seat: for drawing and a last resort of "
        "reverse; it never warns, proposes, rejects or decides jurisdiction"
    )
    loaded_at: Mapped[datetime.datetime] = mapped_column(
        server_default=text("now()"), comment="When it was loaded"
    )


class BoundaryPart(Base):
    """A piece of a real boundary, small enough for a fast point-in-polygon."""

    __tablename__ = "boundary_part"
    __table_args__ = (
        Index(None, "unit_id"),
        Index("ix_boundary_part_geom", "geom", postgresql_using="gist"),
        {"comment": "Boundaries cut by ST_Subdivide: what point-in-commune asks."},
    )

    id: Mapped[int] = mapped_column(
        Integer, Identity(), primary_key=True, comment="Identity, internal"
    )
    unit_id: Mapped[int] = mapped_column(
        ForeignKey("boundary.unit_id", ondelete="CASCADE"), comment="The unit"
    )
    geom: Mapped[WKBElement] = mapped_column(
        Geometry("GEOMETRY", srid=4326, spatial_index=False),
        comment="EPSG:4326, at most 128 vertices",
    )


class GazetteerState(Base):
    """One row: the number that tells a process that its gazetteer in memory is old."""

    __tablename__ = "gazetteer_state"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        {"comment": "One row; the version moves with every change of units, names or succession."},
    )

    id: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, comment="Always 1"
    )
    version: Mapped[int] = mapped_column(comment="Raised by every statement that changes a unit")
    seed_sha256: Mapped[str | None] = mapped_column(
        comment="Hash of the seed files that were loaded last; none before the first load"
    )
    key_rules: Mapped[str | None] = mapped_column(
        comment="Rules of reading under which stored keys were looked through last"
    )


class UnitTold(Base):
    """How a unit reads in the change feed, and since when."""

    __tablename__ = "unit_told"
    __table_args__ = (
        Index(None, "serial"),
        {
            "comment": "How each unit reads in the change feed, and since when: followers are told"
            " what changed."
        },
    )

    unit_id: Mapped[int] = mapped_column(
        ForeignKey("admin_unit.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        comment="The unit",
    )
    digest: Mapped[bytes] = mapped_column(LargeBinary, comment="Of what is told of it")
    serial: Mapped[int] = mapped_column(comment="unit_told_state.serial that changed it last")


class UnitToldState(Base):
    """One row: which units `UnitTold` was compared with last."""

    __tablename__ = "unit_told_state"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        {"comment": "One row: which units unit_told was compared with last."},
    )

    id: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, comment="Always 1"
    )
    version: Mapped[int] = mapped_column(comment="gazetteer_state.version of them")
    turned_on: Mapped[datetime.date | None] = mapped_column(
        comment="The latest day on which one of them changed by its date"
    )
    digest: Mapped[str] = mapped_column(comment="Of what is told of all of them")
    serial: Mapped[int] = mapped_column(comment="Raised whenever one reads otherwise")
