"""What maps are drawn from: made of the register by a job, and nothing that is asked for a code."""

import datetime

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import Base, one_of


class MapUnit(Base):
    """The drawing of a unit for some zooms: coarser than its boundary, neighbours still meet."""

    __tablename__ = "map_unit"
    __table_args__ = (
        one_of("level", "province", "commune"),
        Index("ix_map_unit_geom", "detail", "level", "geom", postgresql_using="gist"),
        {"comment": "Units as maps draw them, once a range of zooms. Never a legal boundary."},
    )

    unit_id: Mapped[int] = mapped_column(
        ForeignKey("admin_unit.id", ondelete="CASCADE"), primary_key=True, comment="The unit"
    )
    detail: Mapped[int] = mapped_column(
        SmallInteger,
        primary_key=True,
        autoincrement=False,
        comment="0 for the whole country to 3 for streets (registry.drawing.units)",
    )
    level: Mapped[str] = mapped_column(comment="province | commune")
    code: Mapped[str] = mapped_column(comment="Its code")
    name: Mapped[str] = mapped_column(comment="As it is called today, with its kind")
    approximate: Mapped[bool] = mapped_column(
        comment="Whether it is, or holds, a cell around a seat in place of a real boundary"
    )
    geom: Mapped[WKBElement] = mapped_column(
        Geometry("MULTIPOLYGON", srid=3857, spatial_index=False), comment="EPSG:3857"
    )


class MapLabel(Base):
    """A name on the map."""

    __tablename__ = "map_label"
    __table_args__ = (
        one_of("kind", "province", "archipelago", "commune", "street", "locality"),
        Index("ix_map_label_point", "first_zoom", "point", postgresql_using="gist"),
        Index(
            "ix_map_label_place_id",
            "place_id",
            "kind",
            postgresql_where=text("place_id IS NOT NULL"),
        ),
        {"comment": "Names on the map: units, and the streets and localities of the register."},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, comment="Identity, internal")
    kind: Mapped[str] = mapped_column(
        comment="province | archipelago | commune | street | locality"
    )
    name: Mapped[str] = mapped_column(comment="As it is written on the map")
    holder: Mapped[str | None] = mapped_column(
        comment="Province, where it is written beside the name"
    )
    place_id: Mapped[int | None] = mapped_column(
        BigInteger, comment="Of a street or locality: its id"
    )
    first_zoom: Mapped[int] = mapped_column(
        SmallInteger, comment="From which zoom on it is shown: the larger of its surroundings first"
    )
    weight: Mapped[int] = mapped_column(
        Integer, comment="Households, or area in km²: where two collide the larger stays"
    )
    point: Mapped[WKBElement] = mapped_column(
        Geometry("POINT", srid=3857, spatial_index=False), comment="EPSG:3857"
    )


class MapDensity(Base):
    """How many households there are in the cells of one tile."""

    __tablename__ = "map_density"
    __table_args__ = (
        CheckConstraint("cardinality(cells) = cardinality(households)", name="cells_counted"),
        {
            "comment": "Households in each cell of a tile of 64 by 64; restricted records are in "
            "none. A tile without households has no row."
        },
    )

    zoom: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, comment="Of the tile"
    )
    x: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, comment="Column of the tile"
    )
    y: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, comment="Row of the tile"
    )
    cells: Mapped[list[int]] = mapped_column(
        ARRAY(SmallInteger), comment="Number of the cell in the tile: row times 64 plus column"
    )
    households: Mapped[list[int]] = mapped_column(ARRAY(Integer), comment="Households in that cell")


class MapState(Base):
    """One row: of what the map was drawn."""

    __tablename__ = "map_state"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        {"comment": "One row: what the drawings were made of, so that equal work is not repeated."},
    )

    id: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, comment="Always 1"
    )
    units: Mapped[str | None] = mapped_column(comment="Hash of units and boundaries drawn last")
    event_id: Mapped[int | None] = mapped_column(comment="Last event when households were drawn")
    drawn_at: Mapped[datetime.datetime | None] = mapped_column(comment="When it was looked at last")
    rests_until: Mapped[datetime.datetime | None] = mapped_column(
        comment="Until when households are not drawn again by themselves"
    )
