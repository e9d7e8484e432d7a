"""Tables of the register, with their constraints, indexes and comments.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# Stands here because a column default names it; the rest of the rules are in 0002.
CURRENT_EVENT_ID = """
CREATE FUNCTION current_event_id() RETURNS bigint LANGUAGE sql STABLE
    RETURN nullif(current_setting('diachiso.event_id', true), '')::bigint
"""
CURRENT_EVENT_ID_COMMENT = """
COMMENT ON FUNCTION current_event_id IS
    'Event of this transaction, or null when none was opened; ends with the transaction'
"""


def upgrade() -> None:
    op.execute(CURRENT_EVENT_ID)
    op.execute(CURRENT_EVENT_ID_COMMENT)
    op.create_table(
        "admin_unit",
        sa.Column(
            "id",
            sa.Integer(),
            sa.Identity(always=False),
            nullable=False,
            comment="Identity, internal",
        ),
        sa.Column("level", sa.Text(), nullable=False, comment="province | district | commune"),
        sa.Column(
            "code",
            sa.Text(),
            nullable=False,
            comment="Official code of the General Statistics Office list",
        ),
        sa.Column(
            "lifetime",
            postgresql.DATERANGE(),
            nullable=False,
            comment="Days on which the unit exists; open start = before the record",
        ),
        sa.Column(
            "seat",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
            comment="Seat, lon/lat EPSG:4326",
        ),
        sa.Column("area_km2", sa.Numeric(), nullable=True, comment="Area as published, km²"),
        sa.Column("source", sa.Text(), nullable=False, comment="Where the row comes from"),
        postgresql.ExcludeConstraint(
            (sa.column("level"), "="),
            (sa.column("code"), "="),
            (sa.column("lifetime"), "&&"),
            using="gist",
            name="ex_admin_unit_one_per_code_and_day",
        ),
        sa.CheckConstraint(
            "level IN ('province', 'district', 'commune')", name=op.f("ck_admin_unit_level_known")
        ),
        sa.CheckConstraint("NOT isempty(lifetime)", name=op.f("ck_admin_unit_lifetime_not_empty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_unit")),
        comment="Identity of an administrative unit (province, former district, commune). Codes are reused with another extent: 00004 was Trúc Bạch, is Ba Đình.",
    )
    op.create_table(
        "api_key",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="Number of the key",
        ),
        sa.Column(
            "name", sa.Text(), nullable=False, comment="Organisation or program, not a person"
        ),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the key"),
        sa.Column(
            "role",
            sa.Text(),
            nullable=False,
            comment="carrier | merchant | editor | approver | admin",
        ),
        sa.Column(
            "rate_per_minute",
            sa.Integer(),
            nullable=True,
            comment="Requests per minute; none = the role's default",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="When it was made",
        ),
        sa.Column(
            "expires_at", sa.DateTime(timezone=True), nullable=True, comment="Refused from then on"
        ),
        sa.Column(
            "revoked_at", sa.DateTime(timezone=True), nullable=True, comment="Refused from then on"
        ),
        sa.Column(
            "last_used_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Last use, to the hour",
        ),
        sa.CheckConstraint(
            "role IN ('carrier', 'merchant', 'editor', 'approver', 'admin')",
            name=op.f("ck_api_key_role_known"),
        ),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("ck_api_key_hash_length")),
        sa.CheckConstraint("rate_per_minute > 0", name=op.f("ck_api_key_rate_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_key_hash")),
        sa.UniqueConstraint("name", name=op.f("uq_api_key_name")),
        comment="Named keys of organisations; the key itself is shown once and not stored.",
    )
    op.create_table(
        "code_key",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False, comment="Always 1"),
        sa.Column("key", sa.LargeBinary(), nullable=False, comment="32 secret bytes"),
        sa.CheckConstraint("id = 1", name=op.f("ck_code_key_one_row")),
        sa.CheckConstraint("octet_length(key) = 32", name=op.f("ck_code_key_key_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_key")),
        comment="Key of the permutation of code ordinals: made with the database, never changed, never out of it.",
    )
    op.create_table(
        "event",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=True),
            nullable=False,
            comment="Identity; not the order of commits",
        ),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="Operation: import, rename, merge, move …"
        ),
        sa.Column(
            "actor",
            sa.Text(),
            nullable=False,
            comment="Who: a key or operator, never a person's name",
        ),
        sa.Column("reason", sa.Text(), nullable=True, comment="Why, in the actor's words"),
        sa.Column(
            "decision_number", sa.Text(), nullable=True, comment="Number of the legal decision"
        ),
        sa.Column(
            "scope",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="What it touched: units, codes, import",
        ),
        sa.Column(
            "occurred_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="When it was recorded",
        ),
        sa.Column(
            "xact",
            sa.BigInteger(),
            server_default=sa.text("pg_current_xact_id()::text::bigint"),
            nullable=False,
            comment="The transaction that opened it; meaningless after a restore",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        comment="Append-only. Every writing transaction has one (function open_event).",
    )
    op.create_table(
        "gazetteer_state",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False, comment="Always 1"),
        sa.Column(
            "version",
            sa.BigInteger(),
            nullable=False,
            comment="Raised by every statement that changes a unit",
        ),
        sa.Column(
            "seed_sha256",
            sa.Text(),
            nullable=True,
            comment="Hash of the seed files that were loaded last; none before the first load",
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_gazetteer_state_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gazetteer_state")),
        comment="One row; the version moves with every change of units, names or succession.",
    )
    op.create_table(
        "household",
        sa.Column(
            "code",
            sa.Text(collation="C"),
            nullable=False,
            comment="Permanent code, canonical, no hyphen; never reused",
        ),
        sa.Column(
            "event_id",
            sa.BigInteger(),
            server_default=sa.text("current_event_id()"),
            nullable=False,
            comment="Event that wrote this state; stamped by the database",
        ),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="Since when this state is on record; stamped by the database",
        ),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="household | building (parent record of flats)",
        ),
        sa.Column(
            "unit_id",
            sa.Integer(),
            nullable=True,
            comment="Commune of today; none only for a code never bound to a door",
        ),
        sa.Column(
            "former_unit_id",
            sa.Integer(),
            nullable=True,
            comment="Commune of an earlier map, when known",
        ),
        sa.Column("thoroughfare_id", sa.BigInteger(), nullable=True, comment="Street"),
        sa.Column("locality_id", sa.BigInteger(), nullable=True, comment="Innermost locality"),
        sa.Column(
            "house_number", sa.Text(), nullable=True, comment="As written: Số 5A, ngách 34, ngõ 12"
        ),
        sa.Column(
            "house_number_key",
            sa.Text(collation="C"),
            nullable=True,
            comment="Canonical path: 12/34/5A",
        ),
        sa.Column("building_name", sa.Text(), nullable=True, comment="Toà nhà, chung cư, block"),
        sa.Column(
            "building_key",
            sa.Text(collation="C"),
            nullable=True,
            comment="Folded building, block and tower: what is matched",
        ),
        sa.Column("floor", sa.Text(), nullable=True, comment="Tầng"),
        sa.Column("unit_number", sa.Text(), nullable=True, comment="Căn hộ, phòng"),
        sa.Column(
            "parent_code", sa.Text(collation="C"), nullable=True, comment="Building that holds it"
        ),
        sa.Column(
            "households_count",
            sa.Integer(),
            server_default=sa.text("1"),
            nullable=False,
            comment="Hộ that share it until they get records of their own; 0 for a building, so that a sum counts hộ",
        ),
        sa.Column(
            "point",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
            comment="Entrance, lon/lat EPSG:4326",
        ),
        sa.Column(
            "position_method",
            sa.Text(),
            nullable=True,
            comment="survey, gps, imagery, parcel, geocoded, interpolated, centroid, unknown",
        ),
        sa.Column(
            "position_accuracy_m",
            sa.Double(),
            nullable=True,
            comment="Radius in metres within which the entrance lies",
        ),
        sa.Column(
            "status", sa.Text(), nullable=False, comment="reserved | proposed | active | retired"
        ),
        sa.Column(
            "restricted",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Never in tiles, exports, packs, reverse, suggestions",
        ),
        sa.Column("verified_on", sa.Date(), nullable=True, comment="Last seen to exist"),
        sa.Column(
            "delivery_hint", sa.Text(), nullable=True, comment="Landmark: gần chợ …; never a person"
        ),
        sa.CheckConstraint(
            "CASE kind WHEN 'building' THEN households_count = 0 ELSE households_count >= 1 END",
            name=op.f("ck_household_households_counted_once"),
        ),
        sa.CheckConstraint(
            "code ~ '^[0-9FHKMPRTVX]{8}$'", name=op.f("ck_household_code_well_formed")
        ),
        sa.CheckConstraint(
            "kind = 'household' OR parent_code IS NULL",
            name=op.f("ck_household_building_has_no_parent"),
        ),
        sa.CheckConstraint(
            "kind IN ('household', 'building')", name=op.f("ck_household_kind_known")
        ),
        sa.CheckConstraint(
            "position_method IN ('survey', 'gps', 'imagery', 'parcel', 'geocoded', 'interpolated', 'centroid', 'unknown')",
            name=op.f("ck_household_position_method_known"),
        ),
        sa.CheckConstraint(
            "status IN ('reserved', 'retired') OR unit_id IS NOT NULL",
            name=op.f("ck_household_unit_while_live"),
        ),
        sa.CheckConstraint(
            "status IN ('reserved', 'proposed', 'active', 'retired')",
            name=op.f("ck_household_status_known"),
        ),
        sa.CheckConstraint(
            "(house_number IS NULL) = (house_number_key IS NULL)",
            name=op.f("ck_household_number_has_key"),
        ),
        sa.CheckConstraint(
            "(point IS NULL) = (position_method IS NULL)",
            name=op.f("ck_household_point_has_method"),
        ),
        sa.CheckConstraint("parent_code <> code", name=op.f("ck_household_not_its_own_parent")),
        sa.CheckConstraint(
            "position_accuracy_m >= 0 AND position_accuracy_m < 'Infinity'",
            name=op.f("ck_household_accuracy_in_metres"),
        ),
        sa.CheckConstraint(
            "point IS NULL OR coalesce(ST_X(point) BETWEEN -180 AND 180 AND ST_Y(point) BETWEEN -90 AND 90, false)",
            name=op.f("ck_household_point_on_earth"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_household")),
        comment="One record per dwelling place of a household, and per building that holds several. The dwelling is stored, never people.",
    )
    op.create_index(
        "ix_household_coverage",
        "household",
        ["unit_id"],
        unique=False,
        postgresql_include=["households_count", "position_accuracy_m", "verified_on"],
        postgresql_where="status = 'active' AND kind = 'household' AND code >= '1'",
    )
    op.create_index("ix_household_event", "household", ["event_id"], unique=False)
    op.create_index(
        "ix_household_locality",
        "household",
        ["locality_id", "house_number_key"],
        unique=False,
        postgresql_where="locality_id IS NOT NULL",
    )
    op.create_index(
        "ix_household_parent",
        "household",
        ["parent_code"],
        unique=False,
        postgresql_where="parent_code IS NOT NULL",
    )
    op.create_index(
        "ix_household_point",
        "household",
        ["point"],
        unique=False,
        postgresql_using="gist",
        postgresql_where="status = 'active' AND NOT restricted",
    )
    op.create_index(
        "ix_household_thoroughfare",
        "household",
        ["thoroughfare_id", "house_number_key"],
        unique=False,
        postgresql_where="thoroughfare_id IS NOT NULL",
    )
    op.create_index("ix_household_unit", "household", ["unit_id", "status"], unique=False)
    op.create_table(
        "household_version",
        sa.Column("code", sa.Text(collation="C"), nullable=False, comment="Permanent code"),
        sa.Column(
            "valid_from",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="Since when the state was on record (inclusive)",
        ),
        sa.Column(
            "valid_to",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="Until when it was on record (exclusive)",
        ),
        sa.Column(
            "event_id", sa.BigInteger(), nullable=False, comment="Event that wrote this state"
        ),
        sa.Column(
            "ended_by_event_id", sa.BigInteger(), nullable=False, comment="Event that superseded it"
        ),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="household | building (parent record of flats)",
        ),
        sa.Column(
            "unit_id",
            sa.Integer(),
            nullable=True,
            comment="Commune of today; none only for a code never bound to a door",
        ),
        sa.Column(
            "former_unit_id",
            sa.Integer(),
            nullable=True,
            comment="Commune of an earlier map, when known",
        ),
        sa.Column("thoroughfare_id", sa.BigInteger(), nullable=True, comment="Street"),
        sa.Column("locality_id", sa.BigInteger(), nullable=True, comment="Innermost locality"),
        sa.Column(
            "house_number", sa.Text(), nullable=True, comment="As written: Số 5A, ngách 34, ngõ 12"
        ),
        sa.Column(
            "house_number_key",
            sa.Text(collation="C"),
            nullable=True,
            comment="Canonical path: 12/34/5A",
        ),
        sa.Column("building_name", sa.Text(), nullable=True, comment="Toà nhà, chung cư, block"),
        sa.Column(
            "building_key",
            sa.Text(collation="C"),
            nullable=True,
            comment="Folded building, block and tower: what is matched",
        ),
        sa.Column("floor", sa.Text(), nullable=True, comment="Tầng"),
        sa.Column("unit_number", sa.Text(), nullable=True, comment="Căn hộ, phòng"),
        sa.Column(
            "parent_code", sa.Text(collation="C"), nullable=True, comment="Building that holds it"
        ),
        sa.Column(
            "households_count",
            sa.Integer(),
            server_default=sa.text("1"),
            nullable=False,
            comment="Hộ that share it until they get records of their own; 0 for a building, so that a sum counts hộ",
        ),
        sa.Column(
            "point",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
            comment="Entrance, lon/lat EPSG:4326",
        ),
        sa.Column(
            "position_method",
            sa.Text(),
            nullable=True,
            comment="survey, gps, imagery, parcel, geocoded, interpolated, centroid, unknown",
        ),
        sa.Column(
            "position_accuracy_m",
            sa.Double(),
            nullable=True,
            comment="Radius in metres within which the entrance lies",
        ),
        sa.Column(
            "status", sa.Text(), nullable=False, comment="reserved | proposed | active | retired"
        ),
        sa.Column(
            "restricted",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Never in tiles, exports, packs, reverse, suggestions",
        ),
        sa.Column("verified_on", sa.Date(), nullable=True, comment="Last seen to exist"),
        sa.Column(
            "delivery_hint", sa.Text(), nullable=True, comment="Landmark: gần chợ …; never a person"
        ),
        sa.CheckConstraint(
            "valid_from < valid_to", name=op.f("ck_household_version_range_not_empty")
        ),
        sa.PrimaryKeyConstraint("code", "valid_from", name=op.f("pk_household_version")),
        comment="Every superseded state, written by a trigger; nobody may change it.",
    )
    op.create_index(
        "ix_household_version_ended_by", "household_version", ["ended_by_event_id"], unique=False
    )
    op.create_index("ix_household_version_event", "household_version", ["event_id"], unique=False)
    op.create_table(
        "register_identity",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False, comment="Always 1"),
        sa.Column(
            "uuid",
            sa.Uuid(),
            server_default=sa.text("gen_random_uuid()"),
            nullable=False,
            comment="Changes after a restore or promotion",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When this identity began",
        ),
        sa.Column(
            "note",
            sa.Text(),
            server_default=sa.text("'created'"),
            nullable=False,
            comment="created | restored",
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_register_identity_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_identity")),
        comment="One row. Cursors carry the uuid: one of another database, or of before a restore, is refused.",
    )
    op.create_table(
        "admin_unit_alias",
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="The unit"),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="name | code | abbreviation | english | former",
        ),
        sa.Column("alias", sa.Text(), nullable=False, comment="The other name or code"),
        sa.CheckConstraint(
            "kind IN ('name', 'code', 'abbreviation', 'english', 'former')",
            name=op.f("ck_admin_unit_alias_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["admin_unit.id"], name=op.f("fk_admin_unit_alias_unit_id_admin_unit")
        ),
        sa.PrimaryKeyConstraint("unit_id", "kind", "alias", name=op.f("pk_admin_unit_alias")),
        comment="Other names, abbreviations and codes of a unit, as people write them.",
    )
    op.create_table(
        "admin_unit_succession",
        sa.Column(
            "predecessor_id",
            sa.Integer(),
            nullable=False,
            comment="The unit that ended or gave land",
        ),
        sa.Column(
            "successor_id", sa.Integer(), nullable=False, comment="The unit that continues it"
        ),
        sa.Column(
            "extent",
            sa.Text(),
            nullable=False,
            comment="full: all of it went there | partial: a part",
        ),
        sa.Column("effective_on", sa.Date(), nullable=False, comment="First day of the new state"),
        sa.Column("source", sa.Text(), nullable=False, comment="Where the row comes from"),
        sa.CheckConstraint(
            "extent IN ('full', 'partial')", name=op.f("ck_admin_unit_succession_extent_known")
        ),
        sa.CheckConstraint(
            "predecessor_id <> successor_id", name=op.f("ck_admin_unit_succession_two_units")
        ),
        sa.ForeignKeyConstraint(
            ["predecessor_id"],
            ["admin_unit.id"],
            name=op.f("fk_admin_unit_succession_predecessor_id_admin_unit"),
        ),
        sa.ForeignKeyConstraint(
            ["successor_id"],
            ["admin_unit.id"],
            name=op.f("fk_admin_unit_succession_successor_id_admin_unit"),
        ),
        sa.PrimaryKeyConstraint(
            "predecessor_id", "successor_id", name=op.f("pk_admin_unit_succession")
        ),
        comment="Predecessor to successor; a split unit has several partial rows.",
    )
    op.create_index(
        op.f("ix_admin_unit_succession_successor_id"),
        "admin_unit_succession",
        ["successor_id"],
        unique=False,
    )
    op.create_table(
        "admin_unit_version",
        sa.Column(
            "id",
            sa.Integer(),
            sa.Identity(always=False),
            nullable=False,
            comment="Identity, internal",
        ),
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="The unit"),
        sa.Column("name", sa.Text(), nullable=False, comment="Name without its kind: Ba Đình"),
        sa.Column(
            "name_en", sa.Text(), nullable=False, comment="Name for readers of English: Ba Dinh"
        ),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="tinh, thanh_pho, quan, huyen, thi_xa, xa, phuong, thi_tran, dac_khu",
        ),
        sa.Column(
            "province_id",
            sa.Integer(),
            nullable=True,
            comment="Province it belongs to; none for a province",
        ),
        sa.Column(
            "district_id",
            sa.Integer(),
            nullable=True,
            comment="District it belonged to, until 30 June 2025",
        ),
        sa.Column(
            "valid",
            postgresql.DATERANGE(),
            nullable=False,
            comment="Days on which this was so; open start = before the record",
        ),
        sa.Column("legal_basis", sa.Text(), nullable=True, comment="Resolution or law"),
        sa.Column(
            "date_basis",
            sa.Text(),
            nullable=False,
            comment="What the first day of valid is: effective, signed, or approximate",
        ),
        sa.Column("source", sa.Text(), nullable=False, comment="Where the row comes from"),
        postgresql.ExcludeConstraint(
            (sa.column("unit_id"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_admin_unit_version_one_per_day",
        ),
        sa.CheckConstraint(
            "date_basis IN ('effective', 'signed', 'approximate')",
            name=op.f("ck_admin_unit_version_date_basis_known"),
        ),
        sa.CheckConstraint(
            "kind IN ('tinh', 'thanh_pho', 'quan', 'huyen', 'thi_xa', 'xa', 'phuong', 'thi_tran', 'dac_khu')",
            name=op.f("ck_admin_unit_version_kind_known"),
        ),
        sa.CheckConstraint(
            "NOT isempty(valid)", name=op.f("ck_admin_unit_version_valid_not_empty")
        ),
        sa.ForeignKeyConstraint(
            ["district_id"],
            ["admin_unit.id"],
            name=op.f("fk_admin_unit_version_district_id_admin_unit"),
        ),
        sa.ForeignKeyConstraint(
            ["province_id"],
            ["admin_unit.id"],
            name=op.f("fk_admin_unit_version_province_id_admin_unit"),
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["admin_unit.id"], name=op.f("fk_admin_unit_version_unit_id_admin_unit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_unit_version")),
        comment="Name, kind and parents of a unit over a range of days.",
    )
    op.create_table(
        "api_key_unit",
        sa.Column("key_id", sa.BigInteger(), nullable=False, comment="The key"),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False, comment="The unit"),
        sa.ForeignKeyConstraint(
            ["key_id"],
            ["api_key.id"],
            name=op.f("fk_api_key_unit_key_id_api_key"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["admin_unit.id"], name=op.f("fk_api_key_unit_unit_id_admin_unit")
        ),
        sa.PrimaryKeyConstraint("key_id", "unit_id", name=op.f("pk_api_key_unit")),
        comment="Units (province or commune) to which a key is bound.",
    )
    op.create_table(
        "boundary",
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="The unit"),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
            comment="EPSG:4326, valid",
        ),
        sa.Column("source", sa.Text(), nullable=False, comment="File or method"),
        sa.Column(
            "approximate",
            sa.Boolean(),
            nullable=False,
            comment="True for a Voronoi cell around the seat: for drawing and a last resort of reverse; it never warns, proposes, rejects or decides jurisdiction",
        ),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it was loaded",
        ),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_boundary_geom_valid")),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["admin_unit.id"], name=op.f("fk_boundary_unit_id_admin_unit")
        ),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_boundary")),
        comment="One polygon per unit. A statistical drawing, never a legal boundary.",
    )
    op.create_table(
        "coverage_day",
        sa.Column("day", sa.Date(), nullable=False, comment="The day"),
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False, comment="The unit"),
        sa.Column("households", sa.Integer(), nullable=False, comment="Hộ of active records"),
        sa.Column(
            "dwellings", sa.Integer(), nullable=False, comment="Active records of kind household"
        ),
        sa.Column(
            "positioned", sa.Integer(), nullable=False, comment="Of those, point of 20 m or better"
        ),
        sa.Column(
            "verified", sa.Integer(), nullable=False, comment="Of those, verified in 24 months"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["admin_unit.id"], name=op.f("fk_coverage_day_unit_id_admin_unit")
        ),
        sa.PrimaryKeyConstraint("day", "unit_id", name=op.f("pk_coverage_day")),
        comment="Counts of a unit on a day, written once by a daily job.",
    )
    op.create_table(
        "event_pending",
        sa.Column(
            "event_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="The event"
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_event_pending_event_id_event")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_event_pending")),
        comment="Events on their way into the feed; emptied by move_pending_events.",
    )
    op.create_table(
        "external_id",
        sa.Column("code", sa.Text(collation="C"), nullable=False, comment="The record"),
        sa.Column(
            "scheme", sa.Text(collation="C"), nullable=False, comment="plus_code, postcode …"
        ),
        sa.Column("value", sa.Text(collation="C"), nullable=False, comment="The identifier there"),
        sa.Column(
            "valid",
            postgresql.DATERANGE(),
            server_default=sa.text("'(,)'::daterange"),
            nullable=False,
            comment="Days on which it holds",
        ),
        sa.CheckConstraint("NOT isempty(valid)", name=op.f("ck_external_id_valid_not_empty")),
        sa.ForeignKeyConstraint(
            ["code"], ["household.code"], name=op.f("fk_external_id_code_household")
        ),
        sa.PrimaryKeyConstraint("code", "scheme", "value", name=op.f("pk_external_id")),
        comment="Plus Code, postcode, the State's place identifier, land parcel, carriers' numbers: beside the code, never the code.",
    )
    op.create_index(
        op.f("ix_external_id_scheme_value"), "external_id", ["scheme", "value"], unique=False
    )
    op.create_table(
        "feed",
        sa.Column(
            "position",
            sa.BigInteger(),
            sa.Identity(always=True),
            nullable=False,
            comment="Cursor; grows, may have gaps",
        ),
        sa.Column("event_id", sa.BigInteger(), nullable=False, comment="The event, exactly once"),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_feed_event_id_event")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_feed")),
        sa.UniqueConstraint("event_id", name=op.f("uq_feed_event_id")),
        comment="Committed events in reading order: once a position is visible, none below it will ever appear.",
    )
    op.create_table(
        "field_report",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="Number of the report",
        ),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="confirmed | wrong_point | no_such_house | new_house",
        ),
        sa.Column(
            "code", sa.Text(collation="C"), nullable=True, comment="The record, when there is one"
        ),
        sa.Column("unit_id", sa.Integer(), nullable=True, comment="Commune whose queue it is in"),
        sa.Column(
            "point",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
            comment="Where, lon/lat EPSG:4326",
        ),
        sa.Column(
            "address_text", sa.Text(), nullable=True, comment="Address of a new house, as written"
        ),
        sa.Column(
            "reporter_role",
            sa.Text(),
            nullable=False,
            comment="Role of who reports; never a person",
        ),
        sa.Column(
            "state",
            sa.Text(),
            server_default=sa.text("'open'"),
            nullable=False,
            comment="open | accepted | rejected",
        ),
        sa.Column(
            "reported_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="When it came",
        ),
        sa.Column(
            "decided_event_id", sa.BigInteger(), nullable=True, comment="Event that accepted it"
        ),
        sa.CheckConstraint(
            "kind IN ('confirmed', 'wrong_point', 'no_such_house', 'new_house')",
            name=op.f("ck_field_report_kind_known"),
        ),
        sa.CheckConstraint(
            "reporter_role IN ('carrier', 'merchant', 'resident', 'editor', 'approver', 'admin')",
            name=op.f("ck_field_report_reporter_role_known"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'rejected')", name=op.f("ck_field_report_state_known")
        ),
        sa.CheckConstraint(
            "code IS NOT NULL OR point IS NOT NULL", name=op.f("ck_field_report_says_where")
        ),
        sa.CheckConstraint(
            "point IS NULL OR coalesce(ST_X(point) BETWEEN -180 AND 180 AND ST_Y(point) BETWEEN -90 AND 90, false)",
            name=op.f("ck_field_report_point_on_earth"),
        ),
        sa.ForeignKeyConstraint(
            ["code"], ["household.code"], name=op.f("fk_field_report_code_household")
        ),
        sa.ForeignKeyConstraint(
            ["decided_event_id"], ["event.id"], name=op.f("fk_field_report_decided_event_id_event")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["admin_unit.id"], name=op.f("fk_field_report_unit_id_admin_unit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_report")),
        comment="Reports from the field, by role and never by name.",
    )
    op.create_index(
        op.f("ix_field_report_code"),
        "field_report",
        ["code"],
        unique=False,
        postgresql_where="code IS NOT NULL",
    )
    op.create_index(
        "ix_field_report_open",
        "field_report",
        ["unit_id", "id"],
        unique=False,
        postgresql_where="state = 'open'",
    )
    op.create_table(
        "import",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="Number of the import",
        ),
        sa.Column(
            "source",
            sa.Text(),
            nullable=False,
            comment="Who delivers: the authority's or data set's name",
        ),
        sa.Column(
            "file_name", sa.Text(), nullable=False, comment="Name of the file, without its folder"
        ),
        sa.Column(
            "file_sha256", sa.Text(), nullable=True, comment="SHA-256 of the file, hexadecimal"
        ),
        sa.Column(
            "delivery",
            sa.Text(),
            server_default=sa.text("'partial'"),
            nullable=False,
            comment="full: vanished rows are looked for | partial",
        ),
        sa.Column(
            "decision_number", sa.Text(), nullable=True, comment="Number of the legal decision"
        ),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="staged | reported | published | rolled_back | discarded | failed",
        ),
        sa.Column(
            "counts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="rows, new, changed, unchanged, linked …",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="When the file came",
        ),
        sa.Column(
            "published_event_id", sa.BigInteger(), nullable=True, comment="Event that published it"
        ),
        sa.Column(
            "rolled_back_event_id",
            sa.BigInteger(),
            nullable=True,
            comment="Event that took it back",
        ),
        sa.CheckConstraint(
            "delivery IN ('full', 'partial')", name=op.f("ck_import_delivery_known")
        ),
        sa.CheckConstraint(
            "state IN ('staged', 'reported', 'published', 'rolled_back', 'discarded', 'failed')",
            name=op.f("ck_import_state_known"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('published', 'rolled_back') OR published_event_id IS NOT NULL",
            name=op.f("ck_import_published_has_event"),
        ),
        sa.ForeignKeyConstraint(
            ["published_event_id"], ["event.id"], name=op.f("fk_import_published_event_id_event")
        ),
        sa.ForeignKeyConstraint(
            ["rolled_back_event_id"],
            ["event.id"],
            name=op.f("fk_import_rolled_back_event_id_event"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import")),
        comment="One file of one source (đợt nhập). Its rows wait in an unlogged table staging_<id>, dropped after publish.",
    )
    op.create_index(op.f("ix_import_source_id"), "import", ["source", "id"], unique=False)
    op.create_table(
        "locality",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="Identity, internal",
        ),
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="Commune of today"),
        sa.Column(
            "former_unit_id",
            sa.Integer(),
            nullable=True,
            comment="Commune of an earlier map, when known",
        ),
        sa.Column(
            "parent_id",
            sa.BigInteger(),
            nullable=True,
            comment="Locality that holds it (tổ in khu phố); in the same commune",
        ),
        sa.Column(
            "key", sa.Text(collation="C"), nullable=False, comment="Folded name: what is matched"
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="Name as written: Thôn Đông"),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="thôn, ấp, bản, buôn, xóm, tổ dân phố, khu phố …",
        ),
        sa.ForeignKeyConstraint(
            ["former_unit_id"],
            ["admin_unit.id"],
            name=op.f("fk_locality_former_unit_id_admin_unit"),
        ),
        sa.ForeignKeyConstraint(
            ["parent_id", "unit_id"],
            ["locality.id", "locality.unit_id"],
            name="fk_locality_parent_in_same_unit",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["admin_unit.id"], name=op.f("fk_locality_unit_id_admin_unit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locality")),
        sa.UniqueConstraint("id", "unit_id", name=op.f("uq_locality_id_unit_id")),
        sa.UniqueConstraint(
            "unit_id",
            "former_unit_id",
            "parent_id",
            "key",
            name=op.f("uq_locality_unit_id_former_unit_id_parent_id_key"),
            postgresql_nulls_not_distinct=True,
        ),
        comment="A named place below the commune that is no street; localities nest.",
    )
    op.create_index(
        "ix_locality_key_trgm",
        "locality",
        ["key"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"key": "gin_trgm_ops"},
    )
    op.create_index(
        op.f("ix_locality_parent_id"),
        "locality",
        ["parent_id"],
        unique=False,
        postgresql_where="parent_id IS NOT NULL",
    )
    op.create_table(
        "plate",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="Identity, internal",
        ),
        sa.Column("code", sa.Text(collation="C"), nullable=False, comment="Code on the plate"),
        sa.Column("issued_on", sa.Date(), nullable=False, comment="Day of printing"),
        sa.Column("mounted_on", sa.Date(), nullable=True, comment="Day it was fixed to the door"),
        sa.CheckConstraint("mounted_on >= issued_on", name=op.f("ck_plate_mounted_after_issue")),
        sa.ForeignKeyConstraint(["code"], ["household.code"], name=op.f("fk_plate_code_household")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plate")),
        comment="Plates printed for a record.",
    )
    op.create_index(op.f("ix_plate_code"), "plate", ["code"], unique=False)
    op.create_table(
        "succession_link",
        sa.Column("old_code", sa.Text(collation="C"), nullable=False, comment="The retired record"),
        sa.Column(
            "new_code", sa.Text(collation="C"), nullable=False, comment="A record that continues it"
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="merge | split | replace"),
        sa.Column(
            "event_id",
            sa.BigInteger(),
            server_default=sa.text("current_event_id()"),
            nullable=False,
            comment="Event that linked them",
        ),
        sa.CheckConstraint(
            "kind IN ('merge', 'split', 'replace')", name=op.f("ck_succession_link_kind_known")
        ),
        sa.CheckConstraint("old_code <> new_code", name=op.f("ck_succession_link_two_codes")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_succession_link_event_id_event")
        ),
        sa.ForeignKeyConstraint(
            ["new_code"], ["household.code"], name=op.f("fk_succession_link_new_code_household")
        ),
        sa.ForeignKeyConstraint(
            ["old_code"], ["household.code"], name=op.f("fk_succession_link_old_code_household")
        ),
        sa.PrimaryKeyConstraint("old_code", "new_code", name=op.f("pk_succession_link")),
        comment="Retired code to the codes that continue it.",
    )
    op.create_index(
        op.f("ix_succession_link_new_code"), "succession_link", ["new_code"], unique=False
    )
    op.create_table(
        "thoroughfare",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="Identity, internal",
        ),
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="Commune of today"),
        sa.Column(
            "former_unit_id",
            sa.Integer(),
            nullable=True,
            comment="Commune of an earlier map, when known",
        ),
        sa.Column(
            "key", sa.Text(collation="C"), nullable=False, comment="Folded name: what is matched"
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="Name as written: Nguyễn Trãi"),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="đường, phố, đại lộ, quốc lộ, ngõ, hẻm …"
        ),
        sa.ForeignKeyConstraint(
            ["former_unit_id"],
            ["admin_unit.id"],
            name=op.f("fk_thoroughfare_former_unit_id_admin_unit"),
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["admin_unit.id"], name=op.f("fk_thoroughfare_unit_id_admin_unit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thoroughfare")),
        sa.UniqueConstraint("id", "unit_id", name=op.f("uq_thoroughfare_id_unit_id")),
        sa.UniqueConstraint(
            "unit_id",
            "former_unit_id",
            "key",
            name=op.f("uq_thoroughfare_unit_id_former_unit_id_key"),
            postgresql_nulls_not_distinct=True,
        ),
        comment="A street inside one commune and former commune. 95 % of communes joined several old ones, and equal street names with equal numbers now meet inside one.",
    )
    op.create_index(
        "ix_thoroughfare_key_trgm",
        "thoroughfare",
        ["key"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"key": "gin_trgm_ops"},
    )
    op.create_table(
        "boundary_part",
        sa.Column(
            "id",
            sa.Integer(),
            sa.Identity(always=False),
            nullable=False,
            comment="Identity, internal",
        ),
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="The unit"),
        sa.Column(
            "geom",
            Geometry(
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
            comment="EPSG:4326, at most 128 vertices",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"],
            ["boundary.unit_id"],
            name=op.f("fk_boundary_part_unit_id_boundary"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boundary_part")),
        comment="Boundaries cut by ST_Subdivide: what point-in-commune asks.",
    )
    op.create_index(
        "ix_boundary_part_geom", "boundary_part", ["geom"], unique=False, postgresql_using="gist"
    )
    op.create_index(op.f("ix_boundary_part_unit_id"), "boundary_part", ["unit_id"], unique=False)
    op.create_table(
        "household_ref",
        sa.Column("source", sa.Text(collation="C"), nullable=False, comment="Source of an import"),
        sa.Column("source_ref", sa.Text(collation="C"), nullable=False, comment="Reference there"),
        sa.Column("code", sa.Text(collation="C"), nullable=False, comment="The record it names"),
        sa.Column("import_id", sa.BigInteger(), nullable=True, comment="Import that brought it"),
        sa.Column(
            "linked",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="The record came from another reference; this one only names it",
        ),
        sa.Column(
            "row_hash",
            sa.Uuid(),
            nullable=True,
            comment="Hash of the row as delivered last: an equal row is not looked at again",
        ),
        sa.ForeignKeyConstraint(
            ["code"], ["household.code"], name=op.f("fk_household_ref_code_household")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import.id"], name=op.f("fk_household_ref_import_id_import")
        ),
        sa.PrimaryKeyConstraint("source", "source_ref", name=op.f("pk_household_ref")),
        comment="A source's own reference to a record; the same door from a second source is linked, never given a second code.",
    )
    op.create_index(op.f("ix_household_ref_code"), "household_ref", ["code"], unique=False)
    op.create_table(
        "import_problem",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="Identity, internal",
        ),
        sa.Column("import_id", sa.BigInteger(), nullable=False, comment="The import"),
        sa.Column(
            "row_number",
            sa.BigInteger(),
            nullable=False,
            comment="Row of the file, 1 = first after the header",
        ),
        sa.Column("field", sa.Text(), nullable=True, comment="Column, when one is to blame"),
        sa.Column("code", sa.Text(), nullable=False, comment="Stable problem code"),
        sa.Column(
            "severity", sa.Text(), nullable=False, comment="error: not published | warning | notice"
        ),
        sa.Column(
            "value", sa.Text(), nullable=True, comment="Value as delivered; never a person's"
        ),
        sa.Column("proposed_fix", sa.Text(), nullable=True, comment="Value that would be right"),
        sa.CheckConstraint(
            "severity IN ('error', 'warning', 'notice')",
            name=op.f("ck_import_problem_severity_known"),
        ),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["import.id"],
            name=op.f("fk_import_problem_import_id_import"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_problem")),
        comment="Every problem of every row of an import.",
    )
    op.create_index(
        op.f("ix_import_problem_import_id_code_row_number"),
        "import_problem",
        ["import_id", "code", "row_number"],
        unique=False,
    )
    op.create_table(
        "target",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="Identity, internal",
        ),
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="The unit"),
        sa.Column(
            "locality_id",
            sa.BigInteger(),
            nullable=True,
            comment="The locality inside it, when the count is for one",
        ),
        sa.Column("households", sa.Integer(), nullable=False, comment="Number of hộ"),
        sa.Column(
            "quality",
            sa.Text(),
            nullable=False,
            comment="declared | census | estimate; shown everywhere",
        ),
        sa.Column("source", sa.Text(), nullable=False, comment="Who says so"),
        sa.Column(
            "reference_date", sa.Date(), nullable=False, comment="Day that the number describes"
        ),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="When it was recorded",
        ),
        sa.CheckConstraint(
            "quality IN ('declared', 'census', 'estimate')", name=op.f("ck_target_quality_known")
        ),
        sa.CheckConstraint("households >= 0", name=op.f("ck_target_households_not_negative")),
        sa.ForeignKeyConstraint(
            ["locality_id"], ["locality.id"], name=op.f("fk_target_locality_id_locality")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["admin_unit.id"], name=op.f("fk_target_unit_id_admin_unit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target")),
        sa.UniqueConstraint(
            "unit_id",
            "locality_id",
            "quality",
            "source",
            "reference_date",
            name=op.f("uq_target_unit_id_locality_id_quality_source_reference_date"),
            postgresql_nulls_not_distinct=True,
        ),
        comment="Tổng số hộ of a unit or locality, with source and date. History is kept; the newest declared count wins.",
    )


def downgrade() -> None:
    op.drop_table("target")
    op.drop_index(op.f("ix_import_problem_import_id_code_row_number"), table_name="import_problem")
    op.drop_table("import_problem")
    op.drop_index(op.f("ix_household_ref_code"), table_name="household_ref")
    op.drop_table("household_ref")
    op.drop_index(op.f("ix_boundary_part_unit_id"), table_name="boundary_part")
    op.drop_index("ix_boundary_part_geom", table_name="boundary_part", postgresql_using="gist")
    op.drop_table("boundary_part")
    op.drop_index(
        "ix_thoroughfare_key_trgm",
        table_name="thoroughfare",
        postgresql_using="gin",
        postgresql_ops={"key": "gin_trgm_ops"},
    )
    op.drop_table("thoroughfare")
    op.drop_index(op.f("ix_succession_link_new_code"), table_name="succession_link")
    op.drop_table("succession_link")
    op.drop_index(op.f("ix_plate_code"), table_name="plate")
    op.drop_table("plate")
    op.drop_index(
        op.f("ix_locality_parent_id"),
        table_name="locality",
        postgresql_where="parent_id IS NOT NULL",
    )
    op.drop_index(
        "ix_locality_key_trgm",
        table_name="locality",
        postgresql_using="gin",
        postgresql_ops={"key": "gin_trgm_ops"},
    )
    op.drop_table("locality")
    op.drop_index(op.f("ix_import_source_id"), table_name="import")
    op.drop_table("import")
    op.drop_index(
        op.f("ix_field_report_code"),
        table_name="field_report",
        postgresql_where="code IS NOT NULL",
    )
    op.drop_index(
        "ix_field_report_open", table_name="field_report", postgresql_where="state = 'open'"
    )
    op.drop_table("field_report")
    op.drop_table("feed")
    op.drop_index(op.f("ix_external_id_scheme_value"), table_name="external_id")
    op.drop_table("external_id")
    op.drop_table("event_pending")
    op.drop_table("coverage_day")
    op.drop_table("boundary")
    op.drop_table("api_key_unit")
    op.drop_table("admin_unit_version")
    op.drop_index(op.f("ix_admin_unit_succession_successor_id"), table_name="admin_unit_succession")
    op.drop_table("admin_unit_succession")
    op.drop_table("admin_unit_alias")
    op.drop_table("register_identity")
    op.drop_index("ix_household_version_event", table_name="household_version")
    op.drop_index("ix_household_version_ended_by", table_name="household_version")
    op.drop_table("household_version")
    op.drop_index("ix_household_unit", table_name="household")
    op.drop_index(
        "ix_household_thoroughfare",
        table_name="household",
        postgresql_where="thoroughfare_id IS NOT NULL",
    )
    op.drop_index(
        "ix_household_point",
        table_name="household",
        postgresql_using="gist",
        postgresql_where="status = 'active' AND NOT restricted",
    )
    op.drop_index(
        "ix_household_parent", table_name="household", postgresql_where="parent_code IS NOT NULL"
    )
    op.drop_index(
        "ix_household_locality", table_name="household", postgresql_where="locality_id IS NOT NULL"
    )
    op.drop_index("ix_household_event", table_name="household")
    op.drop_index(
        "ix_household_coverage",
        table_name="household",
        postgresql_include=["households_count", "position_accuracy_m", "verified_on"],
        postgresql_where="status = 'active' AND kind = 'household' AND code >= '1'",
    )
    op.drop_table("household")
    op.drop_table("gazetteer_state")
    op.drop_table("event")
    op.drop_table("code_key")
    op.drop_table("api_key")
    op.drop_table("admin_unit")
    op.execute("DROP FUNCTION current_event_id()")
