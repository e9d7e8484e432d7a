"""Where carriers serve, and from which offices."""

import datetime

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import Base, on_earth, one_of
from registry.models.households import CODE


class ServiceOffice(Base):
    """A post office, counter or depot of an operator."""

    __tablename__ = "service_office"
    __table_args__ = (
        UniqueConstraint("operator", "name"),
        on_earth("point"),
        {"comment": "Offices of carriers, as each of them delivers its own."},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="Identity")
    operator: Mapped[str] = mapped_column(comment="Name of the key whose it is")
    name: Mapped[str] = mapped_column(comment="What its operator calls it")
    point: Mapped[WKBElement | None] = mapped_column(
        Geometry("POINT", srid=4326, spatial_index=False), comment="Where, lon/lat EPSG:4326"
    )
    hours: Mapped[str | None] = mapped_column(comment="When it is open, as OpenStreetMap writes it")
    event_id: Mapped[int] = mapped_column(
        ForeignKey("event.id"),
        server_default=text("current_event_id()"),
        comment="Event that wrote it",
    )


class ServiceArea(Base):
    """What an operator does where: in a polygon, in communes, at codes, or in all of these."""

    __tablename__ = "service_area"
    __table_args__ = (
        one_of("kind", "delivers", "collects", "counter"),
        CheckConstraint("NOT isempty(valid)", name="valid_not_empty"),
        CheckConstraint("octet_length(digest) = 32", name="digest_length"),
        CheckConstraint("ST_IsValid(geom)", name="geom_valid"),
        UniqueConstraint("operator", "digest"),
        Index(None, "office_id"),
        Index("ix_service_area_geom", "geom", postgresql_using="gist"),
        {"comment": "Where carriers serve; each delivery replaces its operator's set."},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="Identity")
    operator: Mapped[str] = mapped_column(comment="Name of the key whose it is")
    service: Mapped[str] = mapped_column(comment="What its operator calls the service")
    kind: Mapped[str] = mapped_column(comment="delivers | collects | counter")
    office_id: Mapped[int | None] = mapped_column(
        ForeignKey("service_office.id"), comment="Office that serves it"
    )
    geom: Mapped[WKBElement | None] = mapped_column(
        Geometry("MULTIPOLYGON", srid=4326, spatial_index=False),
        comment="Where it is drawn, EPSG:4326",
    )
    valid: Mapped[Range[datetime.date]] = mapped_column(
        DATERANGE, server_default=text("'(,)'::daterange"), comment="Days on which it is served"
    )
    digest: Mapped[bytes] = mapped_column(
        LargeBinary, comment="SHA-256 of the row as delivered: what comes again stays"
    )
    event_id: Mapped[int] = mapped_column(
        ForeignKey("event.id"),
        server_default=text("current_event_id()"),
        comment="Event that wrote it",
    )


class ServiceAreaUnit(Base):
    """A commune that an area holds."""

    __tablename__ = "service_area_unit"
    __table_args__ = (
        Index(None, "unit_id"),
        {"comment": "Communes that an area holds; a reform leads them on to what continues them."},
    )

    area_id: Mapped[int] = mapped_column(
        ForeignKey("service_area.id", ondelete="CASCADE"), primary_key=True, comment="The area"
    )
    unit_id: Mapped[int] = mapped_column(
        ForeignKey("admin_unit.id"), primary_key=True, autoincrement=False, comment="The commune"
    )


class ServiceAreaCode(Base):
    """A code that an area lists."""

    __tablename__ = "service_area_code"
    __table_args__ = (
        Index(None, "code"),
        {"comment": "Codes that an area lists; nobody is told them but their operator."},
    )

    area_id: Mapped[int] = mapped_column(
        ForeignKey("service_area.id", ondelete="CASCADE"), primary_key=True, comment="The area"
    )
    code: Mapped[str] = mapped_column(CODE, primary_key=True, comment="A code, canonical")
